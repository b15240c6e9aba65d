// The set-up page. Plain JavaScript: nothing of Splunk Web's own libraries, which change from release to release.
(() => {
  /** Everything before /app/: a language, and whatever root_endpoint puts before it. */
  const front = /^(.*?)\/app\//.exec(location.pathname)?.[1] ?? `/${location.pathname.split("/")[1]}`;
  const address = `${front}/splunkd/__raw/services/compute_bridge/setup?output_mode=json`;

  /** Splunk Web takes a POST only with the key of its cookie, whose name ends with the port (several may be there). */
  function formKey() {
    const cookies = Object.fromEntries(
      document.cookie.split(/; */).map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
    );
    const port = location.port || (location.protocol === "https:" ? "443" : "80");
    const names = Object.keys(cookies).filter((name) => name.startsWith("splunkweb_csrf_token_"));
    // Only ours: another one may hold anything.
    return decodeURIComponent(cookies[`splunkweb_csrf_token_${port}`] ?? cookies[names[0]] ?? "");
  }

  /** Answers what the handler says; throws an Error with `hint` that can be shown as it is. */
  async function ask(body) {
    const headers = { "X-Requested-With": "XMLHttpRequest", Accept: "application/json" };
    if (body) Object.assign(headers, { "Content-Type": "application/json", "X-Splunk-Form-Key": formKey() });
    const answer = await fetch(address, {
      method: body ? "POST" : "GET",
      headers,
      body: body && JSON.stringify(body),
      credentials: "same-origin",
    });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok && !told.error) return told;
    const isRefused = answer.status === 401 || answer.status === 403;
    const error = new Error(told.error ?? told.messages?.[0]?.text ?? `Splunk answered with ${answer.status}.`);
    error.hint =
      told.hint ??
      (isRefused
        ? "This page is for administrators, and for the role bridge_admin. Sign in again if you are one."
        : "Load the page again.");
    throw error;
  }

  /** An element; texts are set as text, never as HTML. */
  function make(name, settings = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(settings)) {
      if (key in element) element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  function field(label, input, help) {
    input.id = `compute-bridge-${input.name}`;
    const parts = [make("label", { htmlFor: input.id }, label), input];
    return help ? [...parts, make("small", {}, help)] : parts;
  }

  const status = () => make("div", { role: "status", "aria-live": "polite" });
  const say = (where, lines) => where.replaceChildren(...lines.map(({ text, kind = "" }) => make("p", { className: kind }, text)));
  const failure = (error) => [{ kind: "bad", text: [error.message, error.hint].filter(Boolean).join("\n") }];

  async function working(form, where, work) {
    const buttons = Array.from(form.querySelectorAll("button"));
    for (const each of buttons) each.disabled = true;
    say(where, [{ text: "One moment …" }]);
    try {
      await work();
    } catch (error) {
      say(where, failure(error));
    } finally {
      for (const each of buttons) each.disabled = false;
    }
  }

  function connection(now) {
    const inputs = {
      address: make("input", {
        type: "text",
        name: "address",
        value: now.address,
        placeholder: "https://bridge.example:5000",
        spellcheck: false,
      }),
      token: make("input", {
        type: "password",
        name: "token",
        autocomplete: "new-password",
        placeholder: now.has_token ? "kept; leave empty to go on with it" : "",
      }),
      ca_pem: make("textarea", { name: "ca_pem", placeholder: "-----BEGIN CERTIFICATE-----", spellcheck: false }),
      ca: make("input", { type: "text", name: "ca", value: now.ca, placeholder: "/etc/pki/tls/certs/company-ca.pem", spellcheck: false }),
      keep_pasted: make("input", { type: "checkbox", name: "keep_pasted", checked: now.pasted.length > 0 }),
    };
    const result = status();
    const anyway = make("button", { type: "button", className: "btn", hidden: true }, "Save all the same");
    const form = make(
      "form",
      { noValidate: true },
      make(
        "fieldset",
        {},
        make("legend", {}, "The bridge"),
        ...field("Address", inputs.address, "What the bridge prints when it starts. http:// is for a bridge on this very machine alone."),
        ...field(
          "Token",
          inputs.token,
          "`bridge tokens add splunk` makes one on the bridge's machine. It is kept in Splunk's password store, encrypted.",
        ),
        ...field(
          "Certificate of the authority (paste)",
          inputs.ca_pem,
          "For a bridge that made its own certificate: the text of .bridge/tls/ca.pem in its home. All search heads of a cluster get it.",
        ),
        ...(now.pasted.length > 0
          ? [
              make(
                "label",
                { className: "beside" },
                inputs.keep_pasted,
                ` Keep what was pasted before (${now.pasted.length}, ${now.pasted.join(", ")})`,
              ),
            ]
          : []),
        ...field("… or a file of certificates on the search head", inputs.ca, "Both empty: the authorities that Splunk's Python trusts."),
        make("button", { type: "button", name: "test", className: "btn" }, "Test"),
        make("button", { type: "submit", className: "btn btn-primary" }, "Test and save"),
        anyway,
        result,
      ),
    );
    const run = (how, more = {}) =>
      working(form, result, async () => {
        anyway.hidden = true;
        const { address, ca, ca_pem, token } = inputs;
        const told = await ask({
          ...{ do: how, address: address.value, ca: ca.value, ca_pem: ca_pem.value, token: token.value },
          ...{ keep_pasted: now.pasted.length > 0 && inputs.keep_pasted.checked, ...more },
        });
        const steps = told.steps.map(({ name, ok, detail, hint }) => ({
          kind: ok ? "good" : "bad",
          text: `${name}: ${[detail, hint].filter(Boolean).join("\n")}`,
        }));
        if (told.saved) {
          token.value = "";
          token.placeholder = "kept; leave empty to go on with it";
          steps.push({ kind: "good", text: "Saved. Searches can use compute now; give people the roles below." });
        } else if (how === "save") {
          steps.push({ kind: "bad", text: "Nothing was saved." });
          anyway.hidden = false;
        }
        say(result, steps);
      });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run("save");
    });
    form.querySelector('[name="test"]').addEventListener("click", () => run("test"));
    anyway.addEventListener("click", () => run("save", { anyway: true }));
    return form;
  }

  const means = {
    bridge_user: "apply and summary: use what others made",
    bridge_engineer: "stage, fit, apply, summary and methods of one's own",
    bridge_admin: "all of it, and this page",
  };

  function roles(now) {
    const role = make(
      "select",
      { name: "role" },
      ...now.app_roles.map((each) => make("option", { value: each }, `${each}: ${means[each] ?? ""}`)),
    );
    const kind = make(
      "select",
      { name: "kind" },
      make("option", { value: "user" }, "to a user"),
      make("option", { value: "role" }, "to all who have a role"),
    );
    const names = make("datalist", { id: "compute-bridge-names" });
    const name = make("input", { type: "text", name: "name", autocomplete: "off" });
    name.setAttribute("list", names.id);
    const holders = make("table");
    const result = status();
    const show = (told) => {
      const from = kind.value === "user" ? told.users : told.roles;
      names.replaceChildren(...from.map((each) => make("option", { value: each.name })));
      const rows = [...told.users.map((each) => ({ ...each, kind: "user" })), ...told.roles.map((each) => ({ ...each, kind: "role" }))]
        .map((each) => ({ ...each, has: each.has.filter((one) => now.app_roles.includes(one)) }))
        .filter(({ has }) => has.length > 0)
        .map((each) => make("tr", {}, make("td", {}, `${each.kind} ${each.name}`), make("td", {}, each.has.join(", "))));
      holders.replaceChildren(...(rows.length > 0 ? [make("tr", {}, make("th", {}, "who"), make("th", {}, "has")), ...rows] : []));
    };
    let told = now;
    show(told);
    kind.addEventListener("change", () => show(told));
    const form = make(
      "form",
      { noValidate: true },
      make(
        "fieldset",
        {},
        make("legend", {}, "Who may use it"),
        make(
          "small",
          {},
          "The app's roles hold capabilities alone: they open no index and change no search filter. SAML and LDAP users get roles where their groups are mapped.",
        ),
        ...field("Give", role),
        ...field("To", kind),
        ...field("Name", name),
        make("button", { type: "submit", className: "btn" }, "Give the role"),
        result,
        holders,
      ),
    );
    form.append(names);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      working(form, result, async () => {
        told = await ask({ do: "assign", role: role.value, kind: kind.value, name: name.value });
        say(result, [{ kind: "good", text: told.said }]);
        show(told);
      });
    });
    return form;
  }

  function begin(place) {
    ask().then(
      (now) => place.replaceChildren(connection(now), roles(now)),
      (error) => {
        const where = status();
        say(where, failure(error));
        place.replaceChildren(where);
      },
    );
  }

  /** Splunk Web makes the page's parts before or after it loads this script. */
  const find = () => document.getElementById("compute-bridge-setup");
  const place = find();
  if (place) begin(place);
  else {
    const observer = new MutationObserver(() => {
      const found = find();
      if (!found) return;
      observer.disconnect();
      begin(found);
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
  }
})();

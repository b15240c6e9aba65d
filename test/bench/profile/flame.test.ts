import { expect, it } from "vitest";
import { asPicture } from "../../../bench/profile/flame.ts";

it("keeps of a flame graph what a picture shows", () => {
  const drawn = `<svg onload="init(evt)" data-width="9" width="9"><script type="text/javascript">
function s(info) { a && b; }
</script><g class="func_g " onmouseover="typeof s === 'function' && s('a&lt;b (3 samples), 2%)')" data-search="a"><title>a&lt;b (3 samples), 2%)</title></g></svg>`;
  expect(asPicture(drawn)).toBe('<svg width="9"><g class="func_g "><title>a&lt;b (3 samples, 2%)</title></g></svg>');
});

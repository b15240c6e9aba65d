# Packages are fetched in stages of their own; the image holds what they made, and runs as a user without rights.

FROM node:24-bookworm-slim AS node-packages
WORKDIR /opt/compute-bridge
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim AS python-environments
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
# The environments know their own path: it is the same in the image.
WORKDIR /opt/compute-bridge
COPY bin bin
COPY runtimes/python/requirements.txt runtimes/python/requirements.txt
COPY server/jupyter/requirements.txt server/jupyter/requirements.txt
RUN node bin/setup.mjs environments && rm -rf .python/uv /root/.cache

FROM node:24-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 tini && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/compute-bridge
COPY --from=node-packages /opt/compute-bridge/node_modules node_modules
COPY --from=python-environments /opt/compute-bridge/.python .python
COPY . .
# Old notebooks and clients name /srv/… and /app/…. /srv/notebooks is not made here: the bridge seeds it at its first start.
RUN mkdir -p /srv/app && ln -s /srv/app /app && chown -R node:node /srv
ENV NODE_ENV=production \
    BRIDGE_HOME=/srv \
    BRIDGE_HOST=0.0.0.0 \
    BRIDGE_PORT=5000
USER node
VOLUME /srv
EXPOSE 5000
# Asks whether something lives, and sends no secret: whatever certificate it shows will do.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["sh", "-c", "NODE_NO_WARNINGS=1 NODE_TLS_REJECT_UNAUTHORIZED=0 node -e 'fetch(`https://127.0.0.1:${process.env.BRIDGE_PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))'"]
# tini passes signals on and buries processes that workers leave behind.
ENTRYPOINT ["tini", "--"]
CMD ["node", "bin/bridge.mjs", "start"]

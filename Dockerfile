# One image for all processes: the command selects one. Three stages: compile; install the runtime dependencies; keep only these two.
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS compiled
WORKDIR /perennial
COPY package.json package-lock.json ./
RUN npm ci --omit=optional --no-audit --no-fund --loglevel=error
COPY . .
RUN npm run build && rm -f dist/.tsbuildinfo* && rm -rf dist/bench

FROM ${NODE_IMAGE} AS installed
WORKDIR /perennial
COPY package.json package-lock.json ./
# The optional packages are test servers.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund --loglevel=error

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data LOG_FORMAT=json PERENNIAL_BUILD=off
WORKDIR /perennial
COPY --from=installed /perennial/node_modules ./node_modules
COPY --from=compiled /perennial/dist ./dist
COPY package.json LICENSE ./
COPY scripts/perennial.mjs scripts/install.mjs scripts/healthy.mjs ./scripts/
RUN mkdir /data && chown node:node /data && ln -s /perennial/scripts/perennial.mjs /usr/local/bin/perennial
USER node
VOLUME /data
EXPOSE 3000
# On SIGTERM a process stops accepting, finishes what it has begun, and exits.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "scripts/healthy.mjs"]
CMD ["node", "--max-semi-space-size=64", "dist/apps/standalone/src/main.js"]

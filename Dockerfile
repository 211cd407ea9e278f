# The command line in a container, for docs/batch.md: docker build -t halfturn .
FROM node:22-bookworm-slim AS build
WORKDIR /halfturn
COPY . .
RUN npm ci && node scripts/build.mjs && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
WORKDIR /halfturn
COPY --from=build /halfturn/package.json /halfturn/LICENSE ./
COPY --from=build /halfturn/node_modules node_modules
COPY --from=build /halfturn/out/cli out/cli
COPY --from=build /halfturn/models/default models/default
COPY --from=build /halfturn/models/relief/relief.safetensors models/relief/
COPY --from=build /halfturn/resources/networks resources/networks
USER node
ENTRYPOINT ["node", "/halfturn/out/cli/cli.js"]

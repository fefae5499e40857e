# Waybill as an image: `docker build --tag waybill .`, then `docker run --publish 127.0.0.1:7070:7070 --volume waybill:/var/lib/waybill waybill`.
# A tag that moves with Node.js's own releases: building anew is how its security fixes come in. Pin it with --build-arg NODE_IMAGE=node:24.21.0-slim.
ARG NODE_IMAGE=node:24-slim

# What only building needs, the compiler among it, stays behind in this stage. No install script of a package is run: nothing that is built needs one.
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY console ./console
COPY scripts/build-console.ts ./scripts/build-console.ts
RUN npm run build && chmod 755 dist/cli/main.js

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Waybill" \
      org.opencontainers.image.description="Bulk jobs over files in collections, with the exact state of every item" \
      org.opencontainers.image.licenses="Apache-2.0"
# The flags and threads are those of the launcher (waybill): a small young generation, and threads enough for uploads that wait for the disk.
# In a container 127.0.0.1 would be reached by nobody; who is let at the port is decided where it is published.
ENV NODE_ENV=production \
    NODE_OPTIONS="--disable-warning=ExperimentalWarning --max-semi-space-size=8" \
    UV_THREADPOOL_SIZE=16 \
    WAYBILL_DATA=/var/lib/waybill \
    WAYBILL_HOST=0.0.0.0
WORKDIR /opt/waybill
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json LICENSE ./
# /var/lib/waybill is the user's alone: it holds the ledger, the local store and the key that signs URLs
RUN ln -s /opt/waybill/dist/cli/main.js /usr/local/bin/waybill && install --directory --owner=node --group=node --mode=700 /var/lib/waybill
USER node
VOLUME /var/lib/waybill
EXPOSE 7070
# SIGTERM lets what is under way finish, some 20 s at most as a rule: give it longer than Docker's own 10 s, as with `docker stop -t 60`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:' + (process.env.WAYBILL_PORT || 7070) + '/readyz').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["waybill"]
CMD ["serve"]

# The worker and the command line in one small image:
#
#   docker build -t dgrid .
#   docker run --rm dgrid worker --repo URL
#
# It has no container engine, so a worker in it takes module tasks only, unless it is handed one.
FROM debian:12-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates nodejs npm \
    && rm -rf /var/lib/apt/lists/* \
    && npm install --global deno@2.9.6
WORKDIR /src
COPY . .
RUN deno task bundle \
    && cp --dereference "$(deno eval 'console.log(Deno.execPath())')" /usr/local/bin/deno-binary

FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 dgrid
COPY --from=build /usr/local/bin/deno-binary /usr/local/bin/deno
COPY --from=build /src/dist/dgrid.js /usr/local/bin/dgrid
USER dgrid
WORKDIR /home/dgrid
ENTRYPOINT ["dgrid"]
CMD ["help"]

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund

FROM node:24-bookworm-slim
# The command carries all that it loads, but for the page.
COPY --from=build /src/dist/bin /opt/openclaw-gateway/bin
COPY --from=build /src/dist/page/files /opt/openclaw-gateway/page/files
RUN ln -s /opt/openclaw-gateway/bin/cli.cjs /usr/local/bin/openclaw
RUN ln -s /opt/openclaw-gateway/bin/cli.cjs /usr/local/bin/openclaw-gateway
RUN install -d -o node -g node -m 700 /state
ENV OPENCLAW_STATE_DIR=/state
USER node
VOLUME /state
EXPOSE 18789
HEALTHCHECK --start-period=10s CMD ["openclaw", "gateway", "health"]
# -p reaches it from outside the container. Without a token such a gateway refuses to start.
CMD ["openclaw", "gateway", "--host", "0.0.0.0"]

# Built by "make image" for the engine's own platform. What is released is the image of
# "make image-all": the same files for every platform, and built without an engine.
ARG GO_IMAGE=golang:1.26.8
FROM $GO_IMAGE AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY tools/image/go.mod tools/image/go.sum tools/image/
RUN go mod download && go -C tools/image mod download
COPY . .
ARG VERSION=unknown REVISION=unknown
RUN make rootfs OUT=/rootfs VERSION=$VERSION REVISION=$REVISION

# Nothing but the binary, the certificate authorities and the licences: no shell, no root.
FROM scratch
ARG VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title="msgraph_security_exporter" \
      org.opencontainers.image.description="Prometheus exporter for Microsoft Graph security incidents (Microsoft Defender XDR)" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /rootfs /
USER 65534:65534
EXPOSE 10365
HEALTHCHECK CMD ["/msgraph_security_exporter", "--healthcheck"]
ENTRYPOINT ["/msgraph_security_exporter"]

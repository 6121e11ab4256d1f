# The build stage runs on the builder's own platform and cross-compiles.
FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=unknown REVISION=unknown
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH make build OUT=/msgraph_security_exporter VERSION=$VERSION REVISION=$REVISION

# Nothing but the binary and the certificate authorities: no shell, no root.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /msgraph_security_exporter /msgraph_security_exporter
USER 65532:65532
EXPOSE 10365
ENTRYPOINT ["/msgraph_security_exporter"]

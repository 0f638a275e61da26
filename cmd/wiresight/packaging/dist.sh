#!/usr/bin/env bash
# Makes the files of a release in dist/: static binaries for each system, .deb
# and .rpm, the list of all dependencies with their licences (CycloneDX), and
# checksums. The same commit and Go give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/../../.."
: "${VERSION:?the version to build}"
export CGO_ENABLED=0 SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
rm -rf dist && mkdir dist

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
	os=${target%/*} arch=${target#*/} suffix=
	[ "$os" = windows ] && suffix=.exe
	GOOS=$os GOARCH=$arch go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$VERSION" \
		-o "dist/wiresight-$os-$arch$suffix" ./cmd/wiresight
done

native=dist/wiresight-$(go env GOOS)-$(go env GOARCH)
"$native" man >dist/wiresight.1
for shell in bash zsh fish; do "$native" completion "$shell" >"dist/completion.$shell"; done

# The tool asks for this module's own version, too, which no proxy has yet: a warning.
go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0 bin -json -licenses -noserial \
	-version "$VERSION" -output dist/wiresight.sbom.json "$native"

PACKAGE_VERSION=$(echo "$VERSION" | sed -E 's/^v//; /^[0-9]/!s/^/0.0.0~/')
export PACKAGE_VERSION
for arch in amd64 arm64; do
	for kind in deb rpm; do
		PACKAGE_ARCH=$arch go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.41.1 package \
			-f cmd/wiresight/packaging/nfpm.yaml -p "$kind" -t dist/
	done
done
(cd dist && sha256sum -- * >SHA256SUMS)
ls -l dist

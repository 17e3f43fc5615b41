#!/bin/bash
# make test-versions: the same 'make test' on newer servers, in chroots of newer Debian releases.
# Debian 13 (trixie) has PostgreSQL 17, unstable (sid) has 18.  Needs root and debootstrap; the first run
# downloads about 400 MB a release, later runs reuse the chroots.
#   VERSIONS="17"      only these (default "17 18")
#   VERSIONS_DIR=DIR   where the chroots are kept (default build/versions)
. "$(dirname "$0")/common.sh"
. "$ROOT/test/harness/packages.sh"

VERSIONS=${VERSIONS:-17 18}
VERSIONS_DIR=${VERSIONS_DIR:-$ROOT/build/versions}

suite_of() {
	case $1 in
		15) echo bookworm ;;
		17) echo trixie ;;
		18) echo sid ;;
		*) die "no Debian release known for PostgreSQL $1" ;;
	esac
}

# The mirror this machine itself uses; nothing about it is written down in the project.
own_mirror() {
	local codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016  # apt's own placeholders
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v release="$codename" '$1 == release && $2 == "main" && !found++ { print $3 }'
}

apt_setting() { apt-config dump --format '%v%n' "$1" 2>/dev/null | head -n 1; }

# debootstrap's download knows the environment's proxy only, apt in the chroot only its own settings.
export_proxy() {
	local proxy
	proxy=$(apt_setting Acquire::http::Proxy)
	[ -z "$proxy" ] || export http_proxy=${http_proxy:-$proxy}
	proxy=$(apt_setting Acquire::https::Proxy)
	[ -z "$proxy" ] || export https_proxy=${https_proxy:-$proxy}
}

make_chroot() {
	local suite=$1 dir=$2 mirror
	[ ! -e "$dir/.complete" ] || return 0
	mirror=$(own_mirror)
	[ -n "$mirror" ] || die "apt's configuration names no Debian mirror to take $suite from"
	step "Bootstrapping Debian $suite"
	rm -rf "$dir"
	mkdir -p "$dir"
	quietly debootstrap --variant=minbase "$suite" "$dir" "$mirror"
	# No service starts in there by being installed.
	printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d"
	chmod 755 "$dir" "$dir/usr/sbin/policy-rc.d"
	touch "$dir/.complete"
}

# How this machine reaches its mirror: name service, proxy, certificates.
copy_network_settings() {
	local dir=$1
	cp -L /etc/resolv.conf /etc/hosts "$dir/etc/" 2>/dev/null || true
	apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https)::' >"$dir/etc/apt/apt.conf.d/90machine" || true
	# A mirror may be a snapshot, whose lists outlive their date.
	echo 'Acquire::Check-Valid-Until "false";' >"$dir/etc/apt/apt.conf.d/91snapshot"
	if [ -r /etc/ssl/certs/ca-certificates.crt ]; then
		mkdir -p "$dir/etc/ssl/certs"
		cp /etc/ssl/certs/ca-certificates.crt "$dir/etc/ssl/certs/"
	fi
}

copy_sources() {
	local dir=$1
	rm -rf "$dir/dbinsight"
	mkdir "$dir/dbinsight"
	tar -C "$ROOT" -cf - --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.so' --exclude='*.bc' \
		--exclude='./sql/dbinsight--*.sql' . | tar -C "$dir/dbinsight" -xf - --no-same-owner
}

# COPT: what compiles with a warning there does not pass.
# Mounts and processes live in namespaces that end with the command, so nothing stays behind.
in_chroot() {
	local dir=$1
	shift
	# shellcheck disable=SC2016  # expanded by the inner shell
	unshare --mount --pid --fork --kill-child bash -c '
		dir=$1; shift
		mount --make-rprivate / && mount -t proc proc "$dir/proc" && mount --rbind /dev "$dir/dev" &&
		mount -t tmpfs -o mode=1777 tmpfs "$dir/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$dir/tmp" &&
		exec chroot "$dir" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/ LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive COPT=-Werror \
			http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" TESTS="${TESTS:-}" \
			EMULATOR_NO_SPARK="Spark is the same whatever the server: it was asked on the first one" \
			MLFLOW_NONE="MLflow is the same whatever the server: it was asked on the first one" "$@"' - "$dir" "$@" </dev/null
}

run_version() {
	local version=$1 suite dir status=0
	suite=$(suite_of "$version")
	dir=$VERSIONS_DIR/$suite
	make_chroot "$suite" "$dir"
	copy_network_settings "$dir"
	copy_sources "$dir"
	step "PostgreSQL $version on Debian $suite: make test"
	in_chroot "$dir" bash -c '. /dbinsight/test/harness/common.sh; . /dbinsight/test/harness/packages.sh
		need_packages build test; find_postgres; cd /dbinsight
		[ "$PG_MAJOR" = "$0" ] || die "this release has PostgreSQL $PG_MAJOR, not $0"
		make test' "$version" 2>&1 | sed "s/^/$version: /" || status=$?
	printf '%s\n' "PostgreSQL $version: $([ $status -eq 0 ] && echo passed || echo FAILED)" >>"$SUMMARY"
	return $status
}

if ! is_root; then
	as_root env "PATH=$PATH" VERSIONS="$VERSIONS" VERSIONS_DIR="$VERSIONS_DIR" TESTS="${TESTS:-}" "$0"
	exit
fi
need_packages bootstrap
export_proxy
mkdir -p "$VERSIONS_DIR"
SUMMARY=$(mktemp)
trap 'rm -f "$SUMMARY"' EXIT
FAILED=0
for version in $VERSIONS; do run_version "$version" || FAILED=1; done
step "Done"
cat "$SUMMARY"
exit $FAILED

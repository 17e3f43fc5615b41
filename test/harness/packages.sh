# Installs what is missing, and only then speaks to apt.  Sourced after common.sh.

# Debian builds against the release's own PostgreSQL, or the one that is there already.
debian_major() {
	local found
	found=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sed 's|.*/\([0-9]*\)/bin.*|\1|' | sort -n | tail -n 1)
	[ -n "$found" ] || found=$(apt-cache show postgresql 2>/dev/null | sed -n 's/^Version: \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
	echo "${found:-15}"
}

has_header() { printf '#include <%s>\n' "$1" | cc -E - >/dev/null 2>&1; }
has_perl() { perl -M"$1" -e1 2>/dev/null; }
has_server() {
	local bin
	bin=$("${PG_CONFIG:-pg_config}" --bindir 2>/dev/null) && [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ]
}
has_server_headers() {
	local pgxs
	pgxs=$("${PG_CONFIG:-pg_config}" --pgxs 2>/dev/null) && [ -f "$pgxs" ]
}

# Prints the Debian packages that are missing for the given purposes: build, test, spark, lint, bootstrap.
missing_packages() {
	local purpose
	for purpose; do
		case $purpose in
			build)
				command -v make >/dev/null || echo make
				command -v cc >/dev/null || echo gcc libc6-dev
				has_header stdio.h || echo libc6-dev
				has_server || echo postgresql-MAJOR
				has_server_headers || echo postgresql-server-dev-MAJOR
				has_header json-c/json.h || echo libjson-c-dev
				has_header curl/curl.h || echo libcurl4-openssl-dev
				;;
			test)
				has_perl IPC::Run && has_perl TAP::Harness && has_perl Test::More || echo perl libipc-run-perl
				command -v python3 >/dev/null || echo python3
				command -v openssl >/dev/null || echo openssl
				;;
			spark)
				venv_base_python >/dev/null || echo python3-venv
				spark_java >/dev/null || echo default-jre-headless
				;;
			lint) command -v clang-format >/dev/null || echo clang-format ;;
			bootstrap) command -v debootstrap >/dev/null || echo debootstrap ;;
		esac
	done
}

# Debian's server package makes a cluster and starts it on port 5432; nobody asked for that one here.
# (Where postgresql-common is set up already its owner has decided.)
CREATECLUSTER=/etc/postgresql-common/createcluster.d
without_main_cluster() {
	local status=0
	[ ! -e /etc/postgresql-common ] || { "$@"; return; }
	as_root mkdir -p $CREATECLUSTER
	echo 'create_main_cluster = false' | as_root tee $CREATECLUSTER/dbinsight.conf >/dev/null
	"$@" || status=$?
	as_root rm $CREATECLUSTER/dbinsight.conf
	as_root rmdir $CREATECLUSTER
	return $status
}

need_packages() {
	local missing
	missing=$(missing_packages "$@" | tr ' ' '\n' | sort -u)
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null ||
		die "not found here: ${missing//$'\n'/, }" \
			"These are Debian's names; install their like with your system's package manager, or set PG_CONFIG."
	step "Refreshing the package lists"
	export DEBIAN_FRONTEND=noninteractive
	quietly as_root apt-get -q update
	missing=${missing//MAJOR/$(debian_major)}
	step "Installing what is missing: ${missing//$'\n'/ }"
	# shellcheck disable=SC2086  # one word a package
	quietly without_main_cluster as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing
	hash -r
	missing=$(missing_packages "$@")
	[ -z "$missing" ] || die "still missing after the installation: ${missing//$'\n'/, }" \
		"pg_config in use: $(command -v "${PG_CONFIG:-pg_config}" || echo none)"
}

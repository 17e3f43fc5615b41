# What every harness script uses: messages, the server's user, scratch folders.
# Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
STARTED=$SECONDS

# A setting of the caller's (PGHOST, PGSERVICE ...) must not lead us to another server.
for name in $(compgen -e | grep '^PG' | grep -v '^PG_CONFIG$'); do unset "$name"; done

step() { printf '[%4d s] %s\n' $((SECONDS - STARTED)) "$*"; }
note() { printf '         %s\n' "$*"; }
die() {
	printf 'error: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '       %s\n' "$@" >&2
	exit 1
}

# Runs something quietly; what it printed is shown only when it fails.
quietly() {
	local out status=0
	out=$("$@" 2>&1) || status=$?
	[ $status -eq 0 ] || { printf '%s\n' "$out" | tail -n 60 >&2; die "failed: $*"; }
}

is_root() { [ "$(id -u)" -eq 0 ]; }

as_root() {
	if is_root; then "$@"
	elif ! command -v sudo >/dev/null; then die "this needs root, and there is no sudo: $*"
	elif [ -t 0 ]; then sudo "$@"
	else sudo -n "$@" || die "this needs root: $*"
	fi
}

# PostgreSQL refuses to run as root: its own user is the best other one, nobody will do.
server_user() {
	if ! is_root; then id -un
	elif id -u postgres >/dev/null 2>&1; then echo postgres
	else echo nobody
	fi
}

# HOME is the working folder: the caller's (with its .psqlrc and the like) is not this user's to read.
as_server() {
	if is_root; then
		local user
		user=$(server_user)
		setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups \
			env HOME="${WORK:-/}" USER="$user" LOGNAME="$user" "$@"
	else
		"$@"
	fi
}

# A new folder that the server's user owns and can reach, whatever TMPDIR or the clone's mode is.
make_work() {
	local parent dir
	for parent in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
		dir=$(mktemp -d "$parent/dbi-$1.XXXXXX" 2>/dev/null) || continue
		is_root && chown "$(server_user)" "$dir"
		if (cd / && as_server test -w "$dir"); then
			echo "$dir"
			return
		fi
		rmdir "$dir"
	done
	die "no folder for temporary files that user $(server_user) can write"
}

# Sets PG_CONFIG and PG_BIN; call after the packages are there.
find_postgres() {
	PG_CONFIG=${PG_CONFIG:-pg_config}
	PG_BIN=$("$PG_CONFIG" --bindir) || die "cannot run $PG_CONFIG"
	PG_MAJOR=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	PG_TESTS=$(dirname "$("$PG_CONFIG" --pgxs)")/../test
	[ -x "$PG_BIN/initdb" ] || die "no PostgreSQL server in $PG_BIN" "Set PG_CONFIG to the pg_config of a server."
	(cd / && as_server test -x "$PG_BIN/postgres") || die "user $(server_user) cannot run $PG_BIN/postgres"
	export PG_CONFIG
}

submake() { "${MAKE:-make}" --no-print-directory -C "$ROOT" with_llvm=no PG_CONFIG="$PG_CONFIG" "$@"; }

# Builds, and installs only what differs: the second time neither root nor a server restart is needed.
build_and_install() {
	local share lib sql
	share=$("$PG_CONFIG" --sharedir)/extension
	lib=$("$PG_CONFIG" --pkglibdir)
	step "Building for PostgreSQL $PG_MAJOR"
	quietly submake -j2 all
	sql=$(basename "$ROOT"/sql/dbinsight--*.sql)
	if cmp -s "$ROOT/dbinsight.so" "$lib/dbinsight.so" && cmp -s "$ROOT/sql/$sql" "$share/$sql" &&
		cmp -s "$ROOT/dbinsight.control" "$share/dbinsight.control"; then
		step "Installed already"
		return
	fi
	step "Installing into $lib and $share"
	if [ -w "$lib" ] && [ -w "$share" ]; then quietly submake install
	else quietly as_root "${MAKE:-make}" --no-print-directory -C "$ROOT" with_llvm=no PG_CONFIG="$PG_CONFIG" install
	fi
}

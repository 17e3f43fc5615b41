#!/bin/bash
# make lint: format, warnings, the install script, paths, white space, shell.
. "$(dirname "$0")/common.sh"
. "$ROOT/test/harness/packages.sh"

PROBLEMS=0
problem() {
	PROBLEMS=$((PROBLEMS + 1))
	printf "%s\n" "$1" | sed -n 1,40p >&2
}

# Every file of the project; what the build made and git's own are not, nor are links.
files() {
	{
		git -C "$ROOT" -c safe.directory="$ROOT" ls-files --cached --others --exclude-standard 2>/dev/null ||
			(cd "$ROOT" && find . -type f ! -path './.git/*' ! -path './build/*' ! -name '*.o' ! -name '*.so' \
				! -name '*.bc' ! -path './sql/dbinsight--*' | sed 's|^\./||')
	} | while read -r file; do
		if [ -f "$file" ] && [ ! -L "$file" ]; then echo "$file"; fi
	done
}

c_sources() { files | grep -E '^(src|test/src)/.*\.[ch]$'; }

# Releases of clang-format disagree about details; Debian 12's is the one that decides.
FORMATTER=clang-format
! command -v clang-format-14 >/dev/null || FORMATTER=clang-format-14

check_format() {
	local sources out version
	version=$($FORMATTER --version | sed 's/.*version \([0-9]*\).*/\1/')
	step "Format of the C sources"
	if [ "$version" != 14 ]; then
		note "not checked: it is defined by clang-format 14, and this is $version"
		return
	fi
	mapfile -t sources < <(c_sources)
	[ ${#sources[@]} -gt 0 ] || return 0
	out=$($FORMATTER --dry-run -Werror "${sources[@]}" 2>&1) ||
		problem "mend with: make format"$'\n'"$(printf '%s\n' "$out" | grep -E 'error:' || printf '%s\n' "$out")"
}

# A build of its own, so that the objects of the real one stay as they are.
# The server's headers are marked as the system's: their warnings are not ours.
check_warnings() {
	local dir=$ROOT/build/lint out
	step "Warnings (-Wall -Wextra -Werror) with PostgreSQL $PG_MAJOR"
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -R Makefile dbinsight.control src sql "$dir/"
	find "$dir" \( -name '*.o' -o -name '*.bc' \) -delete
	out=$("${MAKE:-make}" --no-print-directory -s -j2 -C "$dir" with_llvm=no PG_CONFIG="$PG_CONFIG" \
		COPT="-isystem $("$PG_CONFIG" --includedir-server) -Werror -Wshadow=compatible-local" all 2>&1) ||
		problem "$out"
	rm -rf "$dir"
}

check_install_script() {
	local parts there
	step "Install script"
	parts=$(submake -s print-sql-parts)
	there=$(files | grep -E '^sql/.*\.sql$' | grep -vE '^sql/(updates/|dbinsight--)' || true)
	[ "$(printf '%s\n' "$parts" | sort)" = "$(printf '%s\n' "$there" | sort)" ] ||
		problem "the install script does not hold each part once:"$'\n'"$(diff <(printf '%s\n' "$there" | sort) <(printf '%s\n' "$parts" | sort))"
	submake -s "sql/dbinsight--$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" dbinsight.control).sql" || problem "no install script"
	# shellcheck disable=SC2086  # the parts' names have no blanks
	cat $parts | cmp -s - sql/dbinsight--*.sql || problem "the install script is not its parts in order"
}

check_version() {
	local version
	version=$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" dbinsight.control)
	grep -q "sql/dbinsight--$version.sql" META.json || problem "META.json names another version than dbinsight.control ($version)"
}

# What one machine or one tool wrote, and nobody else has: paths, and blanks at the end of a line.
# The patterns are spelled so that they do not find themselves.
check_text() {
	local list found
	step "Paths and white space"
	mapfile -t list < <(files | grep -vE '^(test/data/.*\.(ndjson|csv|json)|test/data/LICENSE)')
	found=$(grep -nIE '(^|[^[:alnum:]._*~-])/(wor[k]|roo[t]|hom[e])/[a-z]|/tm[p]/[a-z_]*jobs' "${list[@]}" || true)
	[ -z "$found" ] || problem "paths of a machine:"$'\n'"$found"
	mapfile -t list < <(printf '%s\n' "${list[@]}" | grep -vE '^expected/.*\.out$')
	found=$(grep -nIE '[[:blank:]]+$' "${list[@]}" || true)
	[ -z "$found" ] || problem "blanks at the end of a line:"$'\n'"$found"
	found=$(for file in "${list[@]}"; do [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file" | tr -d '\n\0')" ] || echo "$file"; done)
	[ -z "$found" ] || problem "no newline at the end:"$'\n'"$found"
}

check_docs() {
	local said
	step "Generated pages"
	said=$(test/harness/docs.sh --check 2>&1) || problem "$said"
}

check_shell() {
	local scripts script
	step "Shell scripts"
	mapfile -t scripts < <(files | while read -r script; do
		case $script in *.sh) echo "$script" ;;
			*) ! head -n 1 "$script" | grep -aqE '^#!.*\b(ba)?sh\b' || echo "$script" ;;
		esac
	done)
	for script in "${scripts[@]}"; do bash -n "$script" || problem "$script"; done
	if command -v shellcheck >/dev/null; then
		shellcheck -s bash -S warning -e SC1091,SC1090,SC2034 "${scripts[@]}" || problem "shellcheck"
	fi
}

cd "$ROOT"
if [ "${1:-}" = --format ]; then
	need_packages lint
	c_sources | xargs $FORMATTER -i
	exit
fi
need_packages build lint
find_postgres
check_format
check_warnings
check_install_script
check_version
check_text
check_docs
check_shell
[ $PROBLEMS -eq 0 ] || die "lint: $PROBLEMS checks failed"
step "Lint: no problems"

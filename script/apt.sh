# Sourced by the scripts: installs Debian and Ubuntu packages, and lets none of them start a service.
# shellcheck shell=sh

can_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages LOG PACKAGE…: fails when one cannot be had; what apt said is then in LOG.
install_packages() {
    log=$1
    shift
    forbid_services
    status=0
    {
        # The list may be old or missing; an old one is often good enough.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" || {
            as_root apt-get update &&
                as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
        }
    } >>"$log" 2>&1 </dev/null || status=$?
    allow_services
    return "$status"
}

# https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt: 101 means "may not be started".
forbid_services() {
    ours=
    [ -e /usr/sbin/policy-rc.d ] && return
    ours=yes
    trap 'allow_services; exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
}

allow_services() {
    [ -z "${ours:-}" ] || as_root rm -f /usr/sbin/policy-rc.d
    ours=
    trap - INT TERM
}

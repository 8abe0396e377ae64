# SPDX-License-Identifier: EUPL-1.2
# Completion for corv-partner: scenarios, faults and messages come from the program itself.
# shellcheck shell=bash
_corv_partner_listed() {
    "${COMP_WORDS[0]}" list --json 2>/dev/null | sed -n "s/^ *\"$1\": \"\([^\"]*\)\".*/\1/p" | sort -u
}
_corv_partner() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} said
    case $previous in
        --cluster) mapfile -t COMPREPLY < <(compgen -W "$(_corv_partner_listed cluster)" -- "$current") ;;
        --scenario) mapfile -t COMPREPLY < <(compgen -W "$(_corv_partner_listed id)" -- "$current") ;;
        --fault) mapfile -t COMPREPLY < <(compgen -W "$(_corv_partner_listed name | grep -v ' ') all" -- "$current") ;;
        --config | --report) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
        send | show)
            said=$("${COMP_WORDS[0]}" list --json 2>/dev/null | sed -n 's/^ *"\([a-z0-9-]*\)",\{0,1\}$/\1/p' | sort -u)
            mapfile -t COMPREPLY < <(compgen -W "$said" -- "$current")
            ;;
        *)
            if [ "$COMP_CWORD" -eq 1 ]; then
                mapfile -t COMPREPLY < <(compgen -W "list config run play send show --version --help" -- "$current")
            else
                mapfile -t COMPREPLY < <(compgen -W "--config --cluster --scenario --fault --report --json --about --case" -- "$current")
            fi
            ;;
    esac
}
complete -o filenames -F _corv_partner corv-partner

# SPDX-License-Identifier: EUPL-1.2
# Completion for corvctl: the verbs come from the program itself.
# shellcheck shell=bash
_corvctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} said=() word usage
    if [ "$previous" = --config ]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == --json || $word == --config || $word == */* ]] || said+=("$word")
    done
    local verbs
    verbs=$("${COMP_WORDS[0]}" --json help 2>/dev/null | sed -n 's/.*"verb": "\([^"]*\)".*/\1/p')
    case ${#said[@]} in
        0) mapfile -t COMPREPLY < <(compgen -W "$(cut -d' ' -f1 <<<"$verbs") --config --json" -- "$current") ;;
        1)
            usage=$(sed -n "s/^${said[0]} //p" <<<"$verbs")
            if [ -n "$usage" ]; then
                mapfile -t COMPREPLY < <(compgen -W "$usage" -- "$current")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
            fi
            ;;
        *) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    esac
}
complete -o filenames -F _corvctl corvctl

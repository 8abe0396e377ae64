/* SPDX-License-Identifier: EUPL-1.2 */
/* What can be judged without an instance: loading, negotiation, the table of settings, check. */
#include <stdio.h>
#include <string.h>

#include "daemon/conform/parts.h"
#include "daemon/conform/quiet.h"
#include "daemon/conform/say.h"

#define CHECK_US 50000

bool suite_load(struct suite *s)
{
    struct corv_fault f = {0};

    say_rule(s, "load");
    if (corv_hosts_describe(&s->entry, &s->api, &f) != CORV_OK) {
        say_fail(s, "mend what the sentence names; corvd refuses it with the same words", "%s: %s",
            f.code, f.text);
        return false;
    }
    say_ok(s, "%s %s, ABI %u.%u,%s%s", s->api->name, s->api->version, (unsigned)s->api->abi_major,
        (unsigned)s->api->abi_minor, s->api->kind & CORV_ADAPTER_OUTBOUND ? " outbound" : "",
        s->api->kind & CORV_ADAPTER_INBOUND ? " inbound" : "");
    return true;
}

void suite_negotiate(struct suite *s)
{
    say_rule(s, "negotiation");
    if (!s->entry_fn) {
        say_skip(s, "built in");
        return;
    }
    if (s->entry_fn(CORV_ADAPTER_ABI_MAJOR + 1, 0))
        say_fail(s, "return NULL unless host_major is the one you were built for",
            "claims to work with ABI %u", CORV_ADAPTER_ABI_MAJOR + 1);
    else if (s->entry_fn(CORV_ADAPTER_ABI_MAJOR, CORV_ADAPTER_ABI_MINOR) != s->api)
        say_fail(s, "return the address of one static const struct corv_adapter",
            "the entry gives another descriptor each time");
    else
        say_ok(s, "says no to another major, and is the same each time");
}

/* ---- settings ------------------------------------------------------------------------------ */

static bool known_type(const char *type)
{
    static const char *const types[] = {"string", "integer", "boolean", "path", "secret"};

    for (size_t i = 0; type && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

static bool preset_fits(const struct corv_adapter_setting *row)
{
    const char *p = row->preset;

    if (!p || !*p)
        return true;
    if (strcmp(row->type, "integer") == 0)
        return p[strspn(p, "0123456789")] == '\0';
    return strcmp(row->type, "boolean") != 0 || strcmp(p, "true") == 0 || strcmp(p, "false") == 0;
}

static const char *wrong_row(
    const struct corv_adapter_setting *all, const struct corv_adapter_setting *row)
{
    for (const struct corv_adapter_setting *other = all; other != row; other++)
        if (strcmp(other->key, row->key) == 0)
            return "stands there twice";
    if (!known_type(row->type))
        return "has a type that is not string, integer, boolean, path or secret";
    if (!preset_fits(row))
        return "has a preset that does not fit its type";
    return row->explanation && *row->explanation ? NULL : "has no explanation";
}

void suite_settings(struct suite *s)
{
    unsigned n = 0;

    say_rule(s, "settings");
    for (const struct corv_adapter_setting *row = s->api->settings; row && row->key; row++, n++) {
        const char *wrong = wrong_row(s->api->settings, row);

        if (!wrong)
            continue;
        say_fail(s, "mend this row of the table of settings", "%s %s", row->key, wrong);
        return;
    }
    say_ok(s, "%u rows, each with a type, a fitting preset and an explanation", n);
}

/* ---- check --------------------------------------------------------------------------------- */

static int again(void *ctx)
{
    struct corv_fault f = {0};

    return corv_hosts_check_again(ctx, &f) == CORV_OK ? 0 : 1;
}

static void judge_quiet(struct suite *s, struct corv_host *host)
{
    struct quiet q;

    if (!quiet_call(again, host, &q))
        say_skip(s, "accepted; whether it touches files cannot be seen here");
    else if (q.caught >= 0)
        say_fail(s, "look at the settings only; open and connect in start",
            "touches the outside world (system call %ld)", q.caught);
    else if (q.result != 0)
        say_fail(s, "give the same answer to the same settings", "says no the second time");
    else if (q.took_us > CHECK_US)
        say_fail(s, "do not wait in check", "took %ld ms", q.took_us / 1000);
    else
        say_ok(s, "accepts these settings, the same twice, without a file or a connection");
}

bool suite_check(struct suite *s)
{
    struct corv_host *host = NULL;
    struct corv_fault f = {0};

    say_rule(s, "check");
    if (corv_hosts_check_keep(&s->entry, &host, &f) != CORV_OK) {
        say_fail(s, "give settings with --set KEY=VALUE, or mend the check", "%s", f.text);
        return false;
    }
    judge_quiet(s, host);
    corv_hosts_check_free(host);
    return true;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator does: retry, hold, release, reroute, drop. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/parties.h"
#include "daemon/base/clock.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/verbs.h"

#define PATIENCE_US 10000000 /* a delivery under way is over soon */

struct request {
    char message[CORV_ID_TEXT]; /* the whole number */
    int no;                     /* 0: all */
    const char *text;           /* reason or party */
    char actor[96];
};
typedef corv_rc (*action)(
    struct corv_ctl *ctl, const struct request *r, unsigned *changed, struct corv_fault *fault);

void corv_ctl_actor(char *out, size_t size)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *pw = getpwuid(getuid());
    char host[48] = "?";
    char user[32];

    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(user, sizeof user, "%s",
        getuid() == 0 && sudo && *sudo ? sudo
        : pw                           ? pw->pw_name
                                       : "?");
    (void)snprintf(out, size, "operator:%s@%s", user, host);
}

/* NUMMER or NUMMER/NR; the number may be cut short. */
static int read_name(struct corv_ctl *ctl, char *name, struct request *r)
{
    struct corv_inspect_message m;
    struct corv_fault fault = {0};
    char *slash = strchr(name, '/');
    corv_rc rc;

    if (slash) {
        char *end = NULL;
        long no = strtol(slash + 1, &end, 10);

        if (end == slash + 1 || *end || no < 1 || no > INT16_MAX)
            return corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.usage",
                "Schrijf de bezorging als NUMMER/NR, bijvoorbeeld 0198e5c2-7a10/1.");
        r->no = (int)no;
        *slash = '\0';
    }
    rc = corv_inspect_message(ctl->inspect, name, &m, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    memcpy(r->message, m.id, sizeof r->message);
    return CORV_CTL_YES;
}

static bool can_receive(struct corv_ctl *ctl, const char *to)
{
    const struct corv_party *p = corv_party_by_id(ctl->config, to);

    if (p && p->adapter && p->address && corv_party_valid(p, corv_clock_day(corv_clock_us())))
        return true;
    (void)corv_ctl_complain(ctl, CORV_CTL_NO, "ctl.no-party", "Partij %s %s.", to,
        !p                           ? "staat niet in de configuratie"
        : !p->adapter || !p->address ? "heeft geen adres om op te bezorgen"
                                     : "is vandaag niet geldig");
    return false;
}

static void rest_a_little(void)
{
    const struct timespec ts = {.tv_nsec = 200000000};

    (void)nanosleep(&ts, NULL);
}

/* An attempt that runs now decides first; then it is our turn. */
static corv_rc patiently(struct corv_ctl *ctl, action act, const struct request *r,
    unsigned *changed, struct corv_fault *fault)
{
    int64_t until = corv_clock_mono_us() + PATIENCE_US;
    corv_rc rc;

    for (;;) {
        *fault = (struct corv_fault){0};
        rc = act(ctl, r, changed, fault);
        if (rc != CORV_E_STATE || strcmp(fault->code, "act.under-way") != 0 ||
            corv_clock_mono_us() > until)
            return rc;
        rest_a_little();
    }
}

/* People know the number of the message they sent; the question may be about the kennisgeving that
 * was made from it. */
static void point_at_children(struct corv_ctl *ctl, const char *message)
{
    struct corv_inspect_message *list = NULL;
    struct corv_fault fault = {0};
    size_t count = 0;

    if (corv_inspect_children(ctl->inspect, message, &list, &count, &fault) != CORV_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (list[i].held || list[i].dead || list[i].waiting)
            (void)fprintf(stderr, "corvctl: Bedoelt u %s (%s)?\n", list[i].id, list[i].kind);
    corv_inspect_free(list);
}

static int perform(
    struct corv_ctl *ctl, char *name, const char *text, bool to_party, action act, const char *done)
{
    struct request r = {.text = text};
    struct corv_fault fault = {0};
    unsigned changed = 0;
    int code;
    corv_rc rc;

    if (!corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    if (to_party && text && !can_receive(ctl, text))
        return CORV_CTL_NO;
    code = read_name(ctl, name, &r);
    if (code != CORV_CTL_YES)
        return code;
    corv_ctl_actor(r.actor, sizeof r.actor);
    rc = patiently(ctl, act, &r, &changed, &fault);
    if (rc != CORV_OK) {
        code = corv_ctl_fault(ctl, rc, &fault);
        if (rc == CORV_E_STATE || rc == CORV_E_NOTFOUND)
            point_at_children(ctl, r.message);
        return code;
    }
    if (ctl->json)
        corv_ctl_json(ctl, json_pack("{s:s, s:s, s:i, s:i, s:o}", "done", ctl->verb, "message",
                               r.message, "delivery", r.no, "changed", (int)changed,
                               to_party ? "to" : "reason", corv_ctl_json_text(text)));
    else
        corv_ctl_printf(ctl, "%u bezorging%s %s.\n", changed, changed == 1 ? "" : "en", done);
    return CORV_CTL_YES;
}

/* ---- the verbs ---------------------------------------------------------------------------- */

static corv_rc retry(
    struct corv_ctl *ctl, const struct request *r, unsigned *changed, struct corv_fault *fault)
{
    return corv_act_retry(ctl->inspect, r->message, r->no, r->actor, changed, fault);
}

int corv_verb_retry(struct corv_ctl *ctl, int argc, char **argv)
{
    if (!corv_ctl_options(ctl, &argc, argv, NULL, 1, 1))
        return CORV_CTL_ERROR;
    return perform(ctl, argv[0], NULL, false, retry, "opnieuw aangeboden");
}

static corv_rc hold(
    struct corv_ctl *ctl, const struct request *r, unsigned *changed, struct corv_fault *fault)
{
    return corv_act_hold(ctl->inspect, r->message, r->no, r->text, r->actor, changed, fault);
}

int corv_verb_hold(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *reason = "Vastgehouden door de beheerder.";
    const struct corv_ctl_option options[] = {{"--reason", &reason}, {NULL, NULL}};

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1))
        return CORV_CTL_ERROR;
    return perform(ctl, argv[0], reason, false, hold, "vastgehouden");
}

static corv_rc release(
    struct corv_ctl *ctl, const struct request *r, unsigned *changed, struct corv_fault *fault)
{
    return corv_act_release(ctl->inspect, r->message, r->no, r->text, r->actor, changed, fault);
}

int corv_verb_release(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *to = NULL;
    const struct corv_ctl_option options[] = {{"--to", &to}, {NULL, NULL}};

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1))
        return CORV_CTL_ERROR;
    return perform(ctl, argv[0], to, true, release, "vrijgegeven");
}

static corv_rc reroute(
    struct corv_ctl *ctl, const struct request *r, unsigned *changed, struct corv_fault *fault)
{
    return corv_act_reroute(ctl->inspect, r->message, r->no, r->text, r->actor, changed, fault);
}

int corv_verb_reroute(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *to = NULL;
    const struct corv_ctl_option options[] = {{"--to", &to}, {NULL, NULL}};

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1))
        return CORV_CTL_ERROR;
    return perform(ctl, argv[0], to, true, reroute, "omgeleid");
}

static corv_rc drop(
    struct corv_ctl *ctl, const struct request *r, unsigned *changed, struct corv_fault *fault)
{
    return corv_act_drop(ctl->inspect, r->message, r->no, r->text, r->actor, changed, fault);
}

int corv_verb_drop(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *reason = NULL;
    const struct corv_ctl_option options[] = {{"--reason", &reason}, {NULL, NULL}};

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1))
        return CORV_CTL_ERROR;
    return perform(ctl, argv[0], reason, false, drop, "vervallen verklaard");
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Outcomes that are not as agreed; the address says which one. */
#include "tests/abi/plugin.h"

static char endless[100000];

static int deliver_badly(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct plugin *p = instance;
    const char *which = p->s->address(m);

    *outcome = plugin_delivered;
    if (strcmp(which, "class") == 0)
        outcome->cls = 99;
    if (strcmp(which, "zero") == 0)
        memset(outcome, 0, sizeof *outcome);
    if (strcmp(which, "size") == 0)
        outcome->size = 12;
    if (strcmp(which, "code") == 0)
        outcome->code = "Geen Code\n";
    if (strcmp(which, "no-code") == 0)
        outcome->code = NULL;
    if (strcmp(which, "text") == 0)
        outcome->text = "a\x1b[31mrood\nb\xc3\xa9\xff\xe2\x80\xae.";
    if (strcmp(which, "no-text") == 0)
        outcome->text = NULL;
    memset(endless, 'e', sizeof endless);
    if (strcmp(which, "long") == 0) {
        outcome->text = endless;
        outcome->code = endless;
        outcome->receipt = (struct corv_text){endless, sizeof endless};
        outcome->retry_after_seconds = UINT32_MAX;
    }
    if (strcmp(which, "receipt") == 0)
        outcome->receipt = (struct corv_text){NULL, 100};
    if (strcmp(which, "null") == 0) {
        p->s->complete(p->host, op, NULL);
        return CORV_PENDING;
    }
    return CORV_DONE;
}

PLUGIN("bad-outcome", a.deliver = deliver_badly)

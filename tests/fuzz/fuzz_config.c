/* SPDX-License-Identifier: EUPL-1.2 */
/* Any bytes as corvd.yaml: an answer within the ceilings, and what is accepted keeps its promises.
 * Seeds: config/corvd.yaml.example and tests/support/flevoland.yaml.in. */
#include <stdlib.h>

#include "config/parties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corv_config *c = NULL;
    struct corv_findings f;

    corv_findings_init(&f);
    corv_rc rc = corv_config_read("/nonexistent/corvd.yaml", corv_view_of(data, size), &c, &f);

    if ((rc == CORV_OK) != (c != NULL) || (rc == CORV_OK) != (f.errors == 0))
        abort(); /* never a yes with an error, never a no without a reason */
    for (unsigned i = 0; c && i < c->parties_count; i++)
        if (corv_party_by_id(c, c->parties[i].id) != &c->parties[i] ||
            !corv_party_by_oin_ever(c, corv_view_str(c->parties[i].oin)))
            abort();
    corv_config_free(c);
    corv_findings_free(&f);
    return 0;
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Things of corvd as JSON, the same in every verb. Members without a value are left out or null.
 * NULL when memory is gone; the results are new references. Test: tests/unit/test_ctl_json.c */
#ifndef CORV_CTL_JSON_H
#define CORV_CTL_JSON_H

#include <jansson.h>

#include "daemon/base/finding.h"
#include "queue/inspect.h"

json_t *corv_ctl_json_text(const char *s); /* "" gives null; what is no UTF-8 is replaced */
json_t *corv_ctl_json_message(const struct corv_inspect_message *m);
json_t *corv_ctl_json_delivery(const struct corv_inspect_delivery *d);
json_t *corv_ctl_json_deliveries(const struct corv_inspect_delivery *d, size_t count);
json_t *corv_ctl_json_related(const struct corv_inspect_related *r, size_t count);
json_t *corv_ctl_json_event(const struct corv_inspect_event *e);
json_t *corv_ctl_json_finding(const struct corv_finding *f);
json_t *corv_ctl_json_findings(const struct corv_findings *f);

#endif

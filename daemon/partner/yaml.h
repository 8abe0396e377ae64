/* SPDX-License-Identifier: EUPL-1.2 */
/* libcyaml as corv-partner uses it: what is wrong goes to stderr, with the name of the file in
 * front. Test: tests/unit/test_partner.c */
#ifndef CORV_PARTNER_YAML_H
#define CORV_PARTNER_YAML_H

#include <cyaml/cyaml.h>

/* ctx of the log function is the name of the file. */
cyaml_config_t partner_yaml(const char *name);

#endif

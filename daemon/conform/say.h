/* SPDX-License-Identifier: EUPL-1.2 */
/* The lines of the report. */
#ifndef CORV_CONFORM_SAY_H
#define CORV_CONFORM_SAY_H

#include "daemon/conform/suite.h"

void say_rule(struct suite *s, const char *rule); /* what follows is about this one */
void say_ok(struct suite *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_skip(struct suite *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is wrong, and what to do. */
void say_fail(struct suite *s, const char *todo, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

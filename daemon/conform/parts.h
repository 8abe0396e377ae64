/* SPDX-License-Identifier: EUPL-1.2 */
/* The rules, in the order of the report; what gives a bool says whether the rest makes sense. */
#ifndef CORV_CONFORM_PARTS_H
#define CORV_CONFORM_PARTS_H

#include "daemon/conform/suite.h"

/* descriptor.c */
bool suite_load(struct suite *s);
void suite_negotiate(struct suite *s);
void suite_settings(struct suite *s);
bool suite_check(struct suite *s);

/* messages.c */
bool suite_deliver(struct suite *s);
void suite_shapes(struct suite *s);
void suite_cancel(struct suite *s);

/* life.c */
void suite_two(struct suite *s);
void suite_reload(struct suite *s);
void suite_stop(struct suite *s);
void suite_leaks(struct suite *s);

/* suite.c: what the host saw of broken rules up to here */
void suite_heard(struct suite *s);

#endif

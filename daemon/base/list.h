/* SPDX-License-Identifier: EUPL-1.2 */
/* An intrusive doubly linked list. The node lives inside the object; the list owns nothing.
 * One thread at a time. Test: tests/unit/test_list.c */
#ifndef CORV_BASE_LIST_H
#define CORV_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct corv_list {
    struct corv_list *prev;
    struct corv_list *next;
};

#define CORV_LIST_ITEM(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
/* Removing the current node while walking is allowed. */
/* NOLINTBEGIN(bugprone-macro-parentheses): node is the name of a variable */
#define CORV_LIST_EACH(node, head)                                                                 \
    for (struct corv_list *node = (head)->next, *node##_next = (node)->next; (node) != (head);     \
         (node) = node##_next, node##_next = (node)->next)
/* NOLINTEND(bugprone-macro-parentheses) */

static inline void corv_list_init(struct corv_list *l)
{
    l->prev = l->next = l;
}

static inline bool corv_list_empty(const struct corv_list *l)
{
    return l->next == l;
}

static inline void corv_list_add(struct corv_list *head, struct corv_list *node) /* at the end */
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Takes the node out; harmless for a node that is in no list but was initialised. */
static inline void corv_list_del(struct corv_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    corv_list_init(node);
}

static inline struct corv_list *corv_list_pop(struct corv_list *head) /* first or NULL */
{
    struct corv_list *node = head->next;

    if (node == head)
        return NULL;
    corv_list_del(node);
    return node;
}

#endif

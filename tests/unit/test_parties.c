/* SPDX-License-Identifier: EUPL-1.2 */
/* Who is who on which day. One register, questions as rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/parties.h"
#include "tests/unit/test_config_support.h"

static struct support_folder folder;
static struct corv_config *c;

static const char register_text[] = SUPPORT_LISTEN
    "adapters: [{name: map, library: 'builtin:dropdir'}]\n"
    "parties:\n"
    "  - {id: raad, name: R, oin: '00000002003214436001', roles: [{role: raad}],\n"
    "     adapter: map, address: r}\n"
    "  - {id: aadorp, name: A, oin: '00000099999000101000', gemeentecode: '9901',\n"
    "     roles: [{role: gemeente}], woonplaatsen: [Aadorp, Zandwijk, Skûlplak, Beide],\n"
    "     valid_until: 2026-06-30}\n"
    "  - {id: bedorp, name: B, oin: '00000099999000102000', gemeentecode: '9902',\n"
    "     roles: [{role: gemeente}], woonplaatsen: [Bedorp, Beide, BEIDE]}\n"
    "  - {id: nieuw, name: N, oin: '00000099999000101000', gemeentecode: '9901',\n"
    "     roles: [{role: gemeente}], woonplaatsen: [Aadorp], valid_from: 2026-07-01}\n"
    "  - {id: svx, name: S, oin: '00000099999000201000', acts_for: [bedorp],\n"
    "     roles: [{role: gi, valid_until: 2026-03-31}, {role: gemandateerde}]}\n"
    "  - {id: vt, name: V, oin: '00000099999000202000', roles: [{role: veilig-thuis}]}\n"
    "  - {id: vt2, name: V, oin: '00000099999000203000',\n"
    "     roles: [{role: veilig-thuis, valid_from: 2026-05-01}]}\n"
    "mandates:\n"
    "  - {party: svx, gemeente: aadorp, kinds: [vtoDi01], ground: g1, valid_until: 2026-01-31}\n"
    "  - {party: svx, gemeente: bedorp, kinds: [vciDi01, vtoDi01], ground: g2}\n"
    "routes: [{name: r, kind: vtoDi01, to: 'role:raad'}]\n";

static int set_up(void **state)
{
    (void)state;
    support_open(&folder);
    c = support_load(&folder, register_text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    corv_config_free(c);
    support_close(&folder);
    return 0;
}

static const char *id_of(const struct corv_party *p)
{
    return p ? p->id : "-";
}

static void test_period(void **state)
{
    const struct corv_period p = {20260101, 20260131};
    const struct corv_period open = {0, 0};

    (void)state;
    assert_false(corv_period_has(&p, 20251231));
    assert_true(corv_period_has(&p, 20260101));
    assert_true(corv_period_has(&p, 20260131)); /* the last day counts */
    assert_false(corv_period_has(&p, 20260201));
    assert_true(corv_period_has(&open, 19000101));
}

static void test_by_oin(void **state)
{
    static const struct {
        const char *oin;
        int day;
        const char *valid;
        const char *ever;
    } rows[] = {
        {"00000002003214436001", 20260101, "raad", "raad"},
        {"00000099999000101000", 20260630, "aadorp", "nieuw"},
        {"00000099999000101000", 20260701, "nieuw", "nieuw"},
        {"00000099999000203000", 20260101, "vt2", "vt2"}, /* its role is another matter */
        {"00000099999000999000", 20260101, "-", "-"},
        {"0000009999900010100", 20260101, "-", "-"},
        {"000000999990001010001", 20260101, "-", "-"},
        {"", 20260101, "-", "-"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_view oin = corv_view_str(rows[i].oin);

        assert_string_equal(id_of(corv_party_by_oin(c, oin, rows[i].day)), rows[i].valid);
        assert_string_equal(id_of(corv_party_by_oin_ever(c, oin)), rows[i].ever);
    }
    assert_null(corv_party_by_oin(c, corv_view_of("00000002003214436001\0x", 22), 20260101));
}

static void test_by_id(void **state)
{
    (void)state;
    for (unsigned i = 0; i < c->parties_count; i++)
        assert_ptr_equal(corv_party_by_id(c, c->parties[i].id), &c->parties[i]);
    assert_null(corv_party_by_id(c, "niemand"));
    assert_null(corv_party_by_id(c, ""));
}

static void test_roles(void **state)
{
    const struct corv_party *svx = corv_party_by_id(c, "svx");
    unsigned count = 0;

    (void)state;
    assert_true(corv_party_has_role(svx, CORV_ROLE_GI, 20260331));
    assert_false(corv_party_has_role(svx, CORV_ROLE_GI, 20260401)); /* certification ended */
    assert_true(corv_party_has_role(svx, CORV_ROLE_GEMANDATEERDE, 20260401));
    assert_false(corv_party_has_role(
        corv_party_by_id(c, "aadorp"), CORV_ROLE_GEMEENTE, 20260701)); /* the party itself ended */

    assert_string_equal(id_of(corv_party_by_role(c, CORV_ROLE_RAAD, 20260101, &count)), "raad");
    assert_int_equal(count, 1);
    assert_string_equal(
        id_of(corv_party_by_role(c, CORV_ROLE_VEILIG_THUIS, 20260430, &count)), "vt");
    assert_null(corv_party_by_role(c, CORV_ROLE_VEILIG_THUIS, 20260501, &count));
    assert_int_equal(count, 2);
    assert_null(corv_party_by_role(c, CORV_ROLE_HALT, 20260101, &count));
    assert_int_equal(count, 0);
    assert_true(corv_party_acts_for(svx, corv_party_by_id(c, "bedorp")));
    assert_false(corv_party_acts_for(svx, corv_party_by_id(c, "aadorp")));
}

static void test_role_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CORV_ROLE_COUNT; i++) {
        enum corv_role role = CORV_ROLE_COUNT;

        assert_int_equal(corv_role_read(corv_role_name((enum corv_role)i), &role), CORV_OK);
        assert_int_equal(role, i);
    }
    enum corv_role role = CORV_ROLE_COUNT;

    assert_int_equal(corv_role_read("Gemeente", &role), CORV_E_NOTFOUND);
}

static void test_places(void **state)
{
    static const struct {
        const char *place;
        const char *gemeente;
        int day;
        unsigned count;
    } rows[] = {
        {"Aadorp", "aadorp", 20260101, 1},
        {"aadorp", "nieuw", 20260701, 1}, /* after the merger */
        {" ZANDWIJK", "aadorp", 20260101, 1},
        {"Zandwijk", "-", 20260701, 0}, /* its gemeente ended and nobody took it over */
        {"SKULPLAK", "aadorp", 20260101, 1},
        {"Beide", "-", 20260101, 2},
        {"Beide", "bedorp", 20260701, 1}, /* twice in one list is one gemeente */
        {"Nergens", "-", 20260101, 0},
        {"", "-", 20260101, 0},
        {"Aadorpje", "-", 20260101, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned count = 99;
        const struct corv_party *p =
            corv_gemeente_by_woonplaats(c, corv_view_str(rows[i].place), rows[i].day, &count);

        if (strcmp(id_of(p), rows[i].gemeente) != 0 || count != rows[i].count)
            fail_msg("%s on %d: %s, %u", rows[i].place, rows[i].day, id_of(p), count);
    }
}

static void test_codes(void **state)
{
    (void)state;
    assert_string_equal(id_of(corv_gemeente_by_code(c, corv_view_str("9901"), 20260630)), "aadorp");
    assert_string_equal(id_of(corv_gemeente_by_code(c, corv_view_str("9901"), 20260701)), "nieuw");
    assert_null(corv_gemeente_by_code(c, corv_view_str("990"), 20260630));
    assert_null(corv_gemeente_by_code(c, corv_view_str(""), 20260630));
}

static void test_mandates(void **state)
{
    static const struct {
        const char *gemeente; /* NULL: any */
        const char *kind;
        int day;
        const char *ground;
    } rows[] = {
        {"aadorp", "vtoDi01", 20260131, "g1"},
        {"aadorp", "vtoDi01", 20260201, "-"},
        {"bedorp", "vtoDi01", 20260201, "g2"},
        {"bedorp", "vciDi01", 20260201, "g2"},
        {"bedorp", "uciDi01", 20260201, "-"},
        {NULL, "vtoDi01", 20260101, "g1"},
        {NULL, "vtoDi01", 20260201, "g2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct corv_party *g =
            rows[i].gemeente ? corv_party_by_id(c, rows[i].gemeente) : NULL;
        const struct corv_mandate *m =
            corv_mandate_find(c, corv_party_by_id(c, "svx"), g, rows[i].kind, rows[i].day);

        assert_string_equal(m ? m->ground : "-", rows[i].ground);
    }
    assert_null(corv_mandate_find(c, corv_party_by_id(c, "vt"), NULL, "vtoDi01", 20260101));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_period),
        cmocka_unit_test(test_by_oin),
        cmocka_unit_test(test_by_id),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_role_names),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_mandates),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: EUPL-1.2 */
/* Taking a message out of its wrapping, byte for byte, and putting attachments back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/dai/mime.h"
#include "adapters/dai/soap.h"

#define SOAP  "http://schemas.xmlsoap.org/soap/envelope/"
#define STUF  "http://www.egem.nl/StUF/StUF0301"
#define ENV   "<s:Envelope xmlns:s='" SOAP "'>"
#define BODY  ENV "<s:Body>"
#define CLOSE "</s:Body></s:Envelope>"
#define DAI   "<d:bericht xmlns:d='http://www.stufstandaarden.nl/koppelvlak/dai0100'>"

static struct corv_text text(const char *s)
{
    return (struct corv_text){s, strlen(s)};
}

/* ---- where the message is ----------------------------------------------------------------------
 */

static const struct {
    const char *what;
    const char *in;
    enum dai_read read;
    const char *message; /* NULL: all of it */
} rows[] = {
    {"a bare one", "<a/>", DAI_READ_OK, NULL},
    {"with a declaration", "<?xml version='1.0' encoding='utf-8'?>\n<a/>\n<!-- x -->", DAI_READ_OK,
        NULL},
    {"with a byte order mark", "\xef\xbb\xbf<a/>", DAI_READ_OK, NULL},
    {"a bare broken one is for corvd to judge", "<a><b></a>", DAI_READ_OK, NULL},
    {"in a Body", BODY "\n <a x='1'>t</a> \n" CLOSE, DAI_READ_OK, "<a x='1'>t</a>"},
    {"in dai:bericht", BODY DAI "<a/></d:bericht>" CLOSE, DAI_READ_OK, "<a/>"},
    {"after a Header", ENV "<s:Header><x:y xmlns:x='u'>z</x:y></s:Header><s:Body><a/>" CLOSE,
        DAI_READ_OK, "<a/>"},
    {"comments stay outside", BODY "<!-- a --><a/><!-- b -->" CLOSE, DAI_READ_OK, "<a/>"},
    {"what looks like a tag is none", BODY "<a><!-- </a> --><![CDATA[</a>]]>&lt;</a>" CLOSE,
        DAI_READ_OK, "<a><!-- </a> --><![CDATA[</a>]]>&lt;</a>"},
    {"quotes with a bigger-than", BODY "<a x='>' y=\"'>'\"/>" CLOSE, DAI_READ_OK,
        "<a x='>' y=\"'>'\"/>"},
    {"a prefix of the envelope is taken along",
        "<s:Envelope xmlns:s='" SOAP "' xmlns:p='urn:p' xmlns:q='urn:q'><s:Body><p:a/>" CLOSE,
        DAI_READ_OK, "<p:a xmlns:p='urn:p'/>"},
    {"the nearest declaration counts",
        "<s:Envelope xmlns:s='" SOAP
        "' xmlns:p='urn:far'><s:Body xmlns:p=\"urn:near\"><p:a/>" CLOSE,
        DAI_READ_OK, "<p:a xmlns:p=\"urn:near\"/>"},
    {"its own declaration goes first",
        "<s:Envelope xmlns:s='" SOAP "' xmlns:p='urn:far'><s:Body><p:a xmlns:p='urn:own'/>" CLOSE,
        DAI_READ_OK, "<p:a xmlns:p='urn:own'/>"},
    {"a default namespace is taken along",
        "<Envelope xmlns='" SOAP "'><Body xmlns:s='x'><a xmlns=''/></Body></Envelope>", DAI_READ_OK,
        "<a xmlns=''/>"},
    {"a prefix in a value counts",
        "<s:Envelope xmlns:s='" SOAP "' xmlns:xs='urn:xs'><s:Body>"
        "<a t='xs:int'/>" CLOSE,
        DAI_READ_OK, "<a xmlns:xs='urn:xs' t='xs:int'/>"},
    {"two messages", BODY "<a/><b/>" CLOSE, DAI_READ_STRUCTURE, ""},
    {"two in dai:bericht", BODY DAI "<a/><b/></d:bericht>" CLOSE, DAI_READ_STRUCTURE, ""},
    {"text beside it", BODY "x<a/>" CLOSE, DAI_READ_STRUCTURE, ""},
    {"an empty Body", BODY CLOSE, DAI_READ_STRUCTURE, ""},
    {"an empty dai:bericht", BODY DAI "</d:bericht>" CLOSE, DAI_READ_STRUCTURE, ""},
    {"no Body", ENV "<s:Header/></s:Envelope>", DAI_READ_STRUCTURE, ""},
    {"something behind the Body", BODY "<a/></s:Body><s:Body/></s:Envelope>", DAI_READ_STRUCTURE,
        ""},
    {"a header that insists",
        ENV "<s:Header><x:y xmlns:x='u' s:mustUnderstand='1'/></s:Header><s:Body><a/>" CLOSE,
        DAI_READ_MUST_UNDERSTAND, ""},
    {"SOAP 1.2", "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><a/>" CLOSE,
        DAI_READ_VERSION, ""},
    {"a DOCTYPE", "<!DOCTYPE a [<!ENTITY e 'x'>]>" BODY "<a>&e;</a>" CLOSE, DAI_READ_XML, ""},
    {"a DOCTYPE before a bare one", "<!DOCTYPE a><a/>", DAI_READ_XML, ""},
    {"a processing instruction", "<?pi?>" BODY "<a/>" CLOSE, DAI_READ_XML, ""},
    {"another encoding", "<?xml version='1.0' encoding='iso-8859-1'?>" BODY "<a/>" CLOSE,
        DAI_READ_XML, ""},
    {"UTF-16", "\xff\xfe<\0a\0", DAI_READ_XML, ""},
    {"no XML", "hallo", DAI_READ_XML, ""},
    {"nothing", "", DAI_READ_XML, ""},
    {"crossed tags", BODY "<a><b></a></b>" CLOSE, DAI_READ_XML, ""},
    {"the Body's end inside the message", BODY "<a></s:Body></s:Envelope>", DAI_READ_XML, ""},
    {"cut off", BODY "<a>", DAI_READ_XML, ""},
    {"cut off in a tag", BODY "<a x='", DAI_READ_XML, ""},
    {"cut off in a comment", BODY "<a/><!-- ", DAI_READ_XML, ""},
    {"a second root", BODY "<a/>" CLOSE "<b/>", DAI_READ_XML, ""},
    {"an attribute without a value", BODY "<a x/>" CLOSE, DAI_READ_XML, ""},
    {"a fault with a message",
        BODY "<s:Fault><faultcode>s:Client</faultcode><detail><a/></detail></s:Fault>" CLOSE,
        DAI_READ_OK, "<a/>"},
    {"a fault without one", BODY "<s:Fault><faultcode>s:Client</faultcode></s:Fault>" CLOSE,
        DAI_READ_OK, ""},
};

static void finds_the_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dai_message m;
        enum dai_read r = dai_message_read(text(rows[i].in), &m);
        const char *expected = rows[i].message ? rows[i].message : rows[i].in;

        if (r != rows[i].read || !dai_text_is(m.bytes, expected))
            fail_msg("%s: %d, %.*s", rows[i].what, (int)r, (int)m.bytes.n, m.bytes.p);
        dai_message_free(&m);
    }
}

static void every_beginning_of_a_message_is_safe(void **state)
{
    static const char whole[] =
        "<?xml version='1.0'?><s:Envelope xmlns:s='" SOAP "' xmlns:p='urn:p'><s:Header>"
        "<w:From xmlns:w='http://www.w3.org/2005/08/addressing'><w:Address>a&amp;b</w:Address>"
        "</w:From></s:Header><s:Body>" DAI "<p:a><![CDATA[x]]><!-- y --></p:a></d:bericht>" CLOSE;

    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        char *exact = malloc(n ? n : 1); /* so that the sanitizer sees one byte too many */
        struct dai_message m;

        assert_non_null(exact);
        memcpy(exact, whole, n);
        enum dai_read r = dai_message_read((struct corv_text){exact, n}, &m);

        assert_int_equal(r == DAI_READ_OK, n == sizeof whole - 1);
        dai_message_free(&m);
        free(exact);
    }
}

static void too_deep_and_too_long(void **state)
{
    size_t n = 300000;
    char *deep = malloc(n * 3 + 1);
    struct dai_message m;

    (void)state;
    assert_non_null(deep);
    for (size_t i = 0; i < n; i++)
        memcpy(deep + 3 * i, "<a>", 4);
    assert_int_equal(dai_message_read(text(deep), &m), DAI_READ_OK); /* bare: not our business */
    memcpy(deep, BODY, sizeof BODY - 1);
    assert_int_equal(dai_message_read(text(deep), &m), DAI_READ_XML);
    memset(deep, 'x', n);
    memcpy(deep, BODY "<", sizeof BODY);
    deep[n] = '\0';
    assert_int_equal(dai_message_read(text(deep), &m), DAI_READ_XML);
    free(deep);
}

/* ---- what it says ------------------------------------------------------------------------------
 */

static void reads_the_control_fields(void **state)
{
    static const char in[] = ENV
        "<s:Header xmlns:wsa='http://www.w3.org/2005/08/addressing'>"
        "<wsa:To>urn:dkintern:b</wsa:To><wsa:From>\n <wsa:Address>urn:dkintern:a</wsa:Address>"
        "</wsa:From><wsa:Action>act</wsa:Action><wsa:MessageID>id-1</wsa:MessageID></s:Header>"
        "<s:Body><f:Fo03Bericht xmlns:f='" STUF "'><f:stuurgegevens>"
        "<f:berichtcode>Fo03</f:berichtcode><f:zender><f:organisatie> org&#49; </f:organisatie>"
        "<f:applicatie>a<!-- -->pp<![CDATA[&]]></f:applicatie></f:zender>"
        "<f:ontvanger><f:applicatie>naar</f:applicatie><f:administratie>adm</f:administratie>"
        "</f:ontvanger><f:referentienummer>r-1</f:referentienummer>"
        "<f:crossRefnummer>c-1</f:crossRefnummer></f:stuurgegevens>"
        "<f:body><f:code>StUF058</f:code><f:plek>server</f:plek></f:body></f:Fo03Bericht>" CLOSE;
    struct dai_message m;

    (void)state;
    assert_int_equal(dai_message_read(text(in), &m), DAI_READ_OK);
    assert_true(m.addressed);
    assert_true(m.soap);
    assert_string_equal(dai_value_get(&m.wsa_to), "urn:dkintern:b");
    assert_string_equal(dai_value_get(&m.wsa_from), "urn:dkintern:a");
    assert_string_equal(dai_value_get(&m.wsa_action), "act");
    assert_string_equal(dai_value_get(&m.wsa_message_id), "id-1");
    assert_string_equal(dai_value_get(&m.root), "Fo03Bericht");
    assert_string_equal(dai_value_get(&m.ns), STUF);
    assert_string_equal(dai_value_get(&m.zender.organisatie), "org1");
    assert_string_equal(dai_value_get(&m.zender.applicatie), "app&");
    assert_string_equal(dai_value_get(&m.zender.administratie), "");
    assert_string_equal(dai_value_get(&m.ontvanger.applicatie), "naar");
    assert_string_equal(dai_value_get(&m.ontvanger.administratie), "adm");
    assert_string_equal(dai_value_get(&m.referentienummer), "r-1");
    assert_string_equal(dai_value_get(&m.crossrefnummer), "c-1");
    assert_string_equal(dai_value_get(&m.code), "StUF058");
    assert_string_equal(dai_value_get(&m.plek), "server");
    dai_message_free(&m);
}

static void a_value_that_is_none_is_empty(void **state)
{
    static const char *const bad[] = {"&nope;", "&#0;", "&#xD800;", "&#x110000;", "&#-1;", "& x",
        "&#", "&#x;", "&#99999999999999999999;"};
    struct dai_value v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        v = (struct dai_value){.n = 0};
        dai_value_add(&v, text(bad[i]), false);
        assert_string_equal(dai_value_get(&v), "");
    }
    v = (struct dai_value){.n = 0};
    dai_value_add(&v, text("&#233;&#x20AC;&#128512;"), false);
    assert_string_equal(dai_value_get(&v), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    v = (struct dai_value){.n = 0};
    for (int i = 0; i < 600; i++)
        dai_value_add(&v, text("x"), false);
    assert_string_equal(dai_value_get(&v), "");
}

/* ---- names -------------------------------------------------------------------------------------
 */

static void check(char *got, const char *expected)
{
    assert_non_null(got);
    assert_string_equal(got, expected);
    free(got);
}

static void names_as_the_standard_writes_them(void **state)
{
    const struct dai_party whole = {"0000", "jza", "adm"};
    const struct dai_party bare = {"", "jza", ""};
    const struct dai_party usual = {"0000", "jza", ""};

    (void)state;
    check(dai_urn_party(&whole, DAI_DOTS_KEEP), "urn:dkintern:0000:jza:adm");
    check(dai_urn_party(&usual, DAI_DOTS_KEEP), "urn:dkintern:0000:jza:");
    check(dai_urn_party(&usual, DAI_DOTS_DROP), "urn:dkintern:0000:jza");
    check(dai_urn_message("r1", &whole, DAI_DOTS_KEEP), "urn:dkintern:r1@0000.jza.adm.dkintern.nl");
    check(dai_urn_message("r1", &usual, DAI_DOTS_KEEP), "urn:dkintern:r1@0000.jza..dkintern.nl");
    check(dai_urn_message("r1", &usual, DAI_DOTS_DROP), "urn:dkintern:r1@0000.jza.dkintern.nl");
    check(dai_urn_message("r1", &bare, DAI_DOTS_DROP), "urn:dkintern:r1@jza.dkintern.nl");
}

static void what_is_written_can_be_read_back(void **state)
{
    const struct dai_headers h = {.addressed = true,
        .to = "urn:dkintern:a<b",
        .from = "f&g",
        .message_id = "id\n",
        .relates_to = "rel"};
    struct dai_message m;
    size_t n = 0;
    char *around = dai_soap_around(&h, text("<?xml version=\"1.0\"?>\n<a/>"), &n);
    char *fault = dai_soap_fault("Client", "Fout & zo", text("<b/>"), &n);

    (void)state;
    assert_non_null(around);
    assert_int_equal(dai_message_read(text(around), &m), DAI_READ_OK);
    assert_string_equal(dai_value_get(&m.wsa_to), "urn:dkintern:a<b");
    assert_string_equal(dai_value_get(&m.wsa_from), "f&g");
    assert_string_equal(dai_value_get(&m.wsa_message_id), "id");
    assert_true(dai_text_is(m.bytes, "<a/>"));
    dai_message_free(&m);
    assert_non_null(fault);
    assert_int_equal(strlen(fault), n);
    assert_int_equal(dai_message_read(text(fault), &m), DAI_READ_OK);
    assert_true(m.fault);
    assert_true(dai_text_is(m.bytes, "<b/>"));
    assert_non_null(strstr(fault, "Fout &amp; zo"));
    dai_message_free(&m);
    free(around);
    free(fault);
}

/* ---- MTOM --------------------------------------------------------------------------------------
 */

#define TYPE "multipart/related; boundary=\"b1\"; type=\"application/xop+xml\"; start=\"<root@x>\""
#define ROOT                                                                                       \
    "--b1\r\nContent-Type: application/xop+xml\r\nContent-ID: <root@x>\r\n\r\n"                    \
    "<a><i><x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:p%401'/></i></a>"
#define PART "\r\n--b1\r\nContent-ID: <p@1>\r\nContent-Transfer-Encoding: binary\r\n\r\n"
#define LAST "\r\n--b1--\r\n"

static const struct {
    const char *what;
    const char *type;
    const char *body;
    enum dai_unpack unpack;
    const char *out;
} packages[] = {
    {"a package", TYPE, ROOT PART "hallo" LAST, DAI_UNPACK_DONE, "<a><i>aGFsbG8=</i></a>"},
    {"two bytes over", TYPE, ROOT PART "hall" LAST, DAI_UNPACK_DONE, "<a><i>aGFsbA==</i></a>"},
    {"nothing over", TYPE, ROOT PART "hal" LAST, DAI_UNPACK_DONE, "<a><i>aGFs</i></a>"},
    {"an empty part", TYPE, ROOT PART LAST, DAI_UNPACK_DONE, "<a><i></i></a>"},
    {"a preamble and the root last", TYPE,
        "dit is voor mensen" PART "x"
        "\r\n" ROOT LAST,
        DAI_UNPACK_DONE, "<a><i>eA==</i></a>"},
    {"base64 as it came", TYPE,
        ROOT "\r\n--b1\r\nContent-ID: <p@1>\r\nContent-Transfer-Encoding: BASE64\r\n\r\naGFs\r\n"
             "bG8=" LAST,
        DAI_UNPACK_DONE, "<a><i>aGFsbG8=</i></a>"},
    {"base64 that is none", TYPE,
        ROOT "\r\n--b1\r\nContent-ID: <p@1>\r\nContent-Transfer-Encoding: base64\r\n\r\na<b" LAST,
        DAI_UNPACK_BAD, NULL},
    {"no package", "text/xml", "<a/>", DAI_UNPACK_NOTHING, NULL},
    {"a part that is not there", TYPE, ROOT LAST, DAI_UNPACK_BAD, NULL},
    {"no last delimiter", TYPE, ROOT PART "hallo", DAI_UNPACK_BAD, NULL},
    {"no boundary", "multipart/related", ROOT LAST, DAI_UNPACK_BAD, NULL},
    {"no root", "multipart/related; boundary=b1; start=\"<weg@x>\"", ROOT PART "x" LAST,
        DAI_UNPACK_BAD, NULL},
    {"nothing", TYPE, "", DAI_UNPACK_BAD, NULL},
    {"a boundary that is too long",
        "multipart/related; "
        "boundary="
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ROOT LAST, DAI_UNPACK_BAD, NULL},
    {"a reference outside", TYPE,
        "--b1\r\nContent-ID: <root@x>\r\n\r\n<a><x:Include "
        "xmlns:x='http://www.w3.org/2004/08/xop/include' href='file:///etc/passwd'/></a>" LAST,
        DAI_UNPACK_BAD, NULL},
    {"a part that includes itself", TYPE,
        "--b1\r\nContent-ID: <root@x>\r\n\r\n<a><x:Include "
        "xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:root@x'/></a>" LAST,
        DAI_UNPACK_BAD, NULL},
    {"too large", TYPE,
        ROOT PART
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678"
        "9012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "8901234567890123456789012345678901234567890123456789012345678901234567890123456" LAST,
        DAI_UNPACK_SIZE, NULL},
};

static void puts_attachments_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++) {
        char *out = NULL;
        size_t n = 0;
        enum dai_unpack u =
            dai_mime_unpack(text(packages[i].type), text(packages[i].body), 300, &out, &n);

        if (u != packages[i].unpack)
            fail_msg("%s: %d", packages[i].what, (int)u);
        if (packages[i].out && !dai_text_is((struct corv_text){out, n}, packages[i].out))
            fail_msg("%s: %.*s", packages[i].what, (int)n, out);
        free(out);
    }
}

static void every_beginning_of_a_package_is_safe(void **state)
{
    static const char whole[] = ROOT PART "hallo" LAST;

    (void)state;
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        char *exact = malloc(n ? n : 1);
        char *out = NULL;
        size_t out_n = 0;

        assert_non_null(exact);
        memcpy(exact, whole, n);
        enum dai_unpack u =
            dai_mime_unpack(text(TYPE), (struct corv_text){exact, n}, 300, &out, &out_n);

        assert_true(u == DAI_UNPACK_BAD || n >= sizeof whole - 3); /* only the last CRLF lacks */
        free(out);
        free(exact);
    }
}

static void reads_content_types(void **state)
{
    (void)state;
    assert_true(dai_mime_is(text("Text/XML; charset=utf-8"), "text/xml"));
    assert_false(dai_mime_is(text("text/xmlx"), "text/xml"));
    assert_true(dai_text_is(
        dai_mime_parameter(text("a/b; x=\"p;q\"; Charset = UTF-8"), "charset"), "UTF-8"));
    assert_true(dai_text_is(dai_mime_parameter(text("a/b; x=\"p;q\""), "x"), "p;q"));
    assert_int_equal(dai_mime_parameter(text("a/b"), "x").n, 0);
    assert_int_equal(dai_mime_parameter(text(""), "x").n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_message),
        cmocka_unit_test(every_beginning_of_a_message_is_safe),
        cmocka_unit_test(too_deep_and_too_long),
        cmocka_unit_test(reads_the_control_fields),
        cmocka_unit_test(a_value_that_is_none_is_empty),
        cmocka_unit_test(names_as_the_standard_writes_them),
        cmocka_unit_test(what_is_written_can_be_read_back),
        cmocka_unit_test(puts_attachments_back),
        cmocka_unit_test(every_beginning_of_a_package_is_safe),
        cmocka_unit_test(reads_content_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

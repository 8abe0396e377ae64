/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_error.h"

#include <stdio.h>

struct row {
    int code; /* xmlParserErrors */
    const char *name;
    const char *sentence;
};

static const struct row rows[] = {
    {XML_ERR_DOCUMENT_EMPTY, "empty", "het begint niet met een element"},
    {XML_ERR_DOCUMENT_END, "trailing", "na het laatste element staat nog iets"},
    {XML_ERR_TAG_NOT_FINISHED, "truncated", "het houdt midden in een element op"},
    {XML_ERR_TAG_NAME_MISMATCH, "end-tag", "een eindtag hoort niet bij de begintag"},
    {XML_ERR_GT_REQUIRED, "tag", "een tag is niet afgesloten"},
    {XML_ERR_LTSLASH_REQUIRED, "tag", "een eindtag is niet in orde"},
    {XML_ERR_NAME_REQUIRED, "name", "een naam ontbreekt of is ongeldig"},
    {XML_ERR_LT_IN_ATTRIBUTE, "attribute", "in een attribuut staat een los kleiner-dan-teken"},
    {XML_ERR_ATTRIBUTE_NOT_STARTED, "attribute",
        "een attribuut staat niet tussen aanhalingstekens"},
    {XML_ERR_ATTRIBUTE_NOT_FINISHED, "attribute", "een attribuut is niet afgesloten"},
    {XML_ERR_ATTRIBUTE_WITHOUT_VALUE, "attribute", "een attribuut heeft geen waarde"},
    {XML_ERR_ATTRIBUTE_REDEFINED, "attribute-twice",
        "een attribuut staat twee keer in hetzelfde element"},
    {XML_NS_ERR_ATTRIBUTE_REDEFINED, "attribute-twice",
        "een attribuut staat twee keer in hetzelfde element"},
    {XML_ERR_SPACE_REQUIRED, "tag", "tussen twee attributen ontbreekt een spatie"},
    {XML_ERR_INVALID_CHAR, "character", "het bevat een teken dat in XML niet mag"},
    {XML_ERR_INVALID_CHARREF, "character", "het bevat een tekenverwijzing die niet bestaat"},
    {XML_ERR_INVALID_DEC_CHARREF, "character", "het bevat een onleesbare tekenverwijzing"},
    {XML_ERR_INVALID_HEX_CHARREF, "character", "het bevat een onleesbare tekenverwijzing"},
    {XML_ERR_UNDECLARED_ENTITY, "entity", "het verwijst naar een entiteit die niet bestaat"},
    {XML_WAR_UNDECLARED_ENTITY, "entity", "het verwijst naar een entiteit die niet bestaat"},
    {XML_ERR_ENTITYREF_SEMICOL_MISSING, "entity", "er staat een los en-teken (ampersand)"},
    {XML_ERR_COMMENT_NOT_FINISHED, "comment", "een commentaar is niet afgesloten"},
    {XML_ERR_HYPHEN_IN_COMMENT, "comment", "in een commentaar staan twee streepjes"},
    {XML_ERR_CDATA_NOT_FINISHED, "cdata", "een CDATA-deel is niet afgesloten"},
    {XML_ERR_MISPLACED_CDATA_END, "cdata", "het einde van een CDATA-deel staat los in de tekst"},
    {XML_ERR_RESERVED_XML_NAME, "declaration", "de XML-declaratie staat niet helemaal vooraan"},
    {XML_ERR_XMLDECL_NOT_FINISHED, "declaration", "de XML-declaratie is niet in orde"},
    {XML_ERR_VERSION_MISSING, "declaration", "in de XML-declaratie ontbreekt de versie"},
    {XML_ERR_UNKNOWN_VERSION, "declaration", "de XML-versie is onbekend"},
    {XML_ERR_UNSUPPORTED_ENCODING, "encoding", "de opgegeven tekenset is onbekend"},
    {XML_ERR_INVALID_ENCODING, "utf8", "het bevat bytes die geen UTF-8 zijn"},
    {XML_NS_ERR_UNDEFINED_NAMESPACE, "namespace", "een prefix hoort bij geen namespace"},
    {XML_NS_ERR_XML_NAMESPACE, "namespace", "een namespace-declaratie is niet in orde"},
    {XML_NS_ERR_QNAME, "namespace", "een naam heeft een onjuiste prefix"},
    {XML_NS_ERR_EMPTY, "namespace", "een namespace-declaratie is leeg"},
};

static const struct row *row_of(const xmlError *error)
{
    static const struct row syntax = {0, "syntax", "de opbouw klopt niet"};
    static const struct row namespace = {0, "namespace", "een namespace is niet in orde"};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].code == error->code)
            return &rows[i];
    return error->domain == XML_FROM_NAMESPACE ? &namespace : &syntax;
}

void corv_xml_error_finding(const xmlError *error, struct corv_finding *out)
{
    const struct row *row = row_of(error);

    *out = (struct corv_finding){
        .layer = CORV_LAYER_WELL_FORMED,
        .actor = CORV_ACT_LEVERANCIER,
        .line = error->line > 0 ? error->line : 0,
        .column = error->int2 > 0 ? error->int2 : 0,
    };
    (void)snprintf(out->code, sizeof out->code, "well-formed.%s", row->name);
    (void)snprintf(
        out->text, sizeof out->text, "Het bericht is geen welgevormde XML: %s.", row->sentence);
}

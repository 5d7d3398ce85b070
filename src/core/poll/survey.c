#include "core/survey_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
survey_text(struct survey *survey, const char *text)
{
	json_t *known = json_object_get(survey->texts, text);

	if (!known) {
		known = json_string(text);
		json_object_set_new(survey->texts, text, known);
	}
	const char *own = json_string_value(known);
	return own ? own : "";
}

const char *
survey_string(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

void
survey_note(struct survey *survey, const char *sw, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A text that was cut inside a character is no UTF-8: it is cut on. */
	for (size_t len = strlen(text); len > 0; len--) {
		json_t *note =
		    json_pack("{s:s, s:o}", "switch", sw, "text", json_stringn(text, len));
		if (note) {
			json_array_append_new(survey->notes, note);
			return;
		}
	}
}

struct survey_switch *
survey_find(const struct survey *survey, const char *name)
{
	const json_t *place = json_object_get(survey->by_name, name);

	return place ? &survey->switches[json_integer_value(place)] : NULL;
}

const json_t *
survey_notes(const struct survey *survey)
{
	return survey->notes;
}

static bool
add_switches(struct survey *survey, const json_t *results)
{
	const json_t *result;
	size_t i;

	json_array_foreach((json_t *)results, i, result)
	{
		const char *name = survey_text(survey, survey_string(result, "switch"));
		const json_t *facts = json_object_get(result, "facts");
		if (json_object_get(survey->by_name, name))
			continue;
		json_object_set_new(
		    survey->by_name, name, json_integer((json_int_t)survey->n_switches));
		if (!survey_switch_init(survey, &survey->switches[survey->n_switches++], name,
			json_is_object(facts) ? facts : NULL))
			return false;
	}
	return true;
}

struct survey *
survey_new(const json_t *results, const json_t *document, const struct topo *topo)
{
	struct survey *survey = calloc(1, sizeof(*survey));

	if (!survey)
		return NULL;
	*survey = (struct survey){
		.document = document,
		.topo = topo,
		.switches = calloc(json_array_size(results) + 1, sizeof(*survey->switches)),
		.by_name = json_object(),
		.by_chassis = json_object(),
		.by_host = json_object(),
		.ends = json_object(),
		.texts = json_object(),
		.notes = json_array(),
	};
	if (survey->switches && survey->notes && add_switches(survey, results) &&
	    survey_find_cables(survey))
		return survey;
	survey_free(survey);
	return NULL;
}

void
survey_free(struct survey *survey)
{
	if (!survey)
		return;
	for (size_t i = 0; survey->switches && i < survey->n_switches; i++)
		survey_switch_release(&survey->switches[i]);
	free(survey->switches);
	free(survey->cables);
	json_decref(survey->by_name);
	json_decref(survey->by_chassis);
	json_decref(survey->by_host);
	json_decref(survey->ends);
	json_decref(survey->texts);
	json_decref(survey->notes);
	free(survey);
}

#include "core/hosts_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/topo_build.h"
#include "util/ascii.h"

#define PATH_ROOM 300
#define UTF8_BOM "\xef\xbb\xbf" /* some editors begin a file with it */

/* While reading: where we are, and what is wrong. */
struct reading {
	struct hosts_file *file;
	struct topo_faults *faults;
	const char *path;
	size_t line;
	struct hosts_entry entry; /* of this line */
	size_t room_attachments;
	bool no_memory;
};

static void fault(struct reading *reading, const char *format, struct slice text)
    __attribute__((format(printf, 2, 0)));

/* `format` has one %s, for the quoted text. */
static void
fault(struct reading *reading, const char *format, struct slice text)
{
	char where[PATH_ROOM], reason[256];

	snprintf(where, sizeof(where), "%.255s:%zu", reading->path, reading->line);
	snprintf(reason, sizeof(reason), format, TEXT_QUOTE(text));
	topo_fault_add(
	    reading->faults, false, &(const struct at){ NULL, where, 0, NULL }, "%s", reason);
}

/* ---- look-up ---- */

static uint64_t
host_hash_of(struct slice host)
{
	return hash_bytes(host.data, host.len, 0);
}

static uint64_t
host_hash(const void *owner, uint32_t value)
{
	const struct hosts_file *file = owner;

	return host_hash_of(slice_of(file->entries[value].host));
}

static bool
host_eq(const void *owner, uint32_t value, const void *key)
{
	const struct hosts_file *file = owner;

	return slice_eq_str(*(const struct slice *)key, file->entries[value].host);
}

static const struct htab_type host_type = { .hash = host_hash, .eq = host_eq };

/* The table knows the first entry of each host; the others hang behind it. */
static uint32_t
first_of(const struct hosts_file *file, struct slice host)
{
	return htab_find(&file->by_host, host_hash_of(host), &host);
}

const struct hosts_entry *
hosts_file_find(const struct hosts_file *file, struct slice host)
{
	uint32_t found = first_of(file, host);

	return found == HTAB_NONE ? NULL : &file->entries[found];
}

const struct hosts_entry *
hosts_file_next(const struct hosts_file *file, const struct hosts_entry *entry)
{
	return entry->next == HTAB_NONE ? NULL : &file->entries[entry->next];
}

/* ---- PCI slots ---- */

static bool
is_slot_char(char c)
{
	return is_hex(c) || c == ':' || c == '.';
}

/*
 * [DOMAIN:]BUS:DEVICE.FUNCTION in hexadecimal, or its beginning and a star where that is allowed. Written with a domain, in
 * lower case.
 */
static bool
slot_normalise(struct slice text, bool may_end_in_star, char buf[HOSTS_SLOT_MAX])
{
	size_t n_colons = 0, used = 0, dots = 0;
	bool star = text.len > 0 && text.data[text.len - 1] == '*';

	if (star && !may_end_in_star)
		return false;
	struct slice rest = slice_first(text, text.len - star);
	for (size_t i = 0; i < rest.len; i++) {
		n_colons += rest.data[i] == ':';
		dots += rest.data[i] == '.';
	}
	if (n_colons == 0 || n_colons > 2 || dots > 1 || (!star && dots != 1) ||
	    rest.len + sizeof("0000:*") > HOSTS_SLOT_MAX)
		return false;
	if (n_colons == 1)
		used = slice_copy(SLICE("0000:"), buf, HOSTS_SLOT_MAX);
	for (size_t i = 0; i < rest.len; i++) {
		const char c = to_lower(rest.data[i]);
		if (!is_slot_char(c))
			return false;
		buf[used++] = c;
	}
	if (star)
		buf[used++] = '*';
	buf[used] = '\0';
	return true;
}

static bool
slot_fits(const char *pattern, const char *slot)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return strncmp(pattern, slot, len - 1) == 0;
	return strcmp(pattern, slot) == 0;
}

const struct hosts_entry *
hosts_file_by_pci(const struct hosts_file *file, struct slice host, struct slice slot)
{
	const struct hosts_entry *best = NULL, *entry = hosts_file_find(file, host);
	char wanted[HOSTS_SLOT_MAX];

	if (!slot_normalise(slot, false, wanted))
		return NULL;
	for (; entry; entry = hosts_file_next(file, entry))
		if (entry->pci && slot_fits(entry->pci, wanted) &&
		    (!best || strlen(entry->pci) > strlen(best->pci)))
			best = entry;
	return best;
}

/* ---- one line ---- */

static void
entry_release(struct hosts_entry *entry)
{
	free(entry->host);
	free(entry->physnet);
	free(entry->pci);
	for (size_t i = 0; i < entry->n_attachments; i++)
		free(entry->attachments[i]);
	free(entry->attachments);
	*entry = (struct hosts_entry){ 0 };
}

static char *
copy(struct reading *reading, struct slice text)
{
	char *copied = strndup(text.data, text.len);

	if (!copied)
		reading->no_memory = true;
	return copied;
}

/* The next word, and what is behind it. False at the end of the line, or when a quote is not closed (a fault). */
static bool
word_take(struct reading *reading, struct slice *rest, struct slice *ret_word)
{
	*rest = slice_trim(*rest);
	if (rest->len == 0 || rest->data[0] == '#')
		return false;
	if (rest->data[0] == '"') {
		struct slice inner = slice_from(*rest, 1);
		long end = slice_find(inner, SLICE("\""));
		if (end < 0) {
			fault(reading, "the quote before %s is not closed", inner);
			return false;
		}
		*ret_word = slice_first(inner, (size_t)end);
		*rest = slice_from(inner, (size_t)end + 1);
		return true;
	}
	size_t len = 0;
	while (len < rest->len && rest->data[len] != ' ' && rest->data[len] != '\t')
		len++;
	*ret_word = slice_first(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

static bool
name_is_good(struct reading *reading, struct slice name)
{
	if (name.len == 0)
		fault(reading, "a name is empty%s", (struct slice){ 0 });
	else if (!text_is_utf8(name) || text_has_control(name))
		fault(reading, "\"%s\" is no UTF-8, or holds a control character", name);
	else if (text_n_chars(name) > TOPO_NAME_MAX)
		fault(reading, "\"%s\" is longer than 255 characters", name);
	else
		return true;
	return false;
}

static void
take_attachment(struct reading *reading, struct slice word)
{
	struct hosts_entry *entry = &reading->entry;
	long colon = slice_find(word, SLICE(":"));

	if (colon < 0) {
		fault(reading, "\"%s\" is neither SWITCH:INTERFACE nor physnet=NAME or pci=SLOT",
		    word);
		return;
	}
	if (!name_is_good(reading, slice_first(word, (size_t)colon)) ||
	    !name_is_good(reading, slice_from(word, (size_t)colon + 1)))
		return;
	for (size_t i = 0; i < entry->n_attachments; i++) {
		if (slice_eq_str(word, entry->attachments[i])) {
			fault(reading, "\"%s\" stands here twice", word);
			return;
		}
	}
	if (entry->n_attachments == reading->room_attachments) {
		size_t room = reading->room_attachments * 2 + 4;
		char **more = realloc(entry->attachments, room * sizeof(*more));
		if (!more) {
			reading->no_memory = true;
			return;
		}
		entry->attachments = more;
		reading->room_attachments = room;
	}
	char *copied = copy(reading, word);
	if (copied)
		entry->attachments[entry->n_attachments++] = copied;
}

static void
take_physnet(struct reading *reading, struct slice value)
{
	if (reading->entry.physnet)
		fault(reading, "a second physnet: %s", value);
	else if (name_is_good(reading, value))
		reading->entry.physnet = copy(reading, value);
}

static void
take_pci(struct reading *reading, struct slice value)
{
	char slot[HOSTS_SLOT_MAX];

	if (reading->entry.pci)
		fault(reading, "a second pci slot: %s", value);
	else if (!slot_normalise(value, true, slot))
		fault(reading,
		    "\"%s\" is no PCI slot such as 0000:05:00.1, or the beginning of one and a star",
		    value);
	else
		reading->entry.pci = copy(reading, slice_of(slot));
}

/* KEY=VALUE, where the equals sign comes before any colon: a switch's interface may have one in its name. */
static void
take_word(struct reading *reading, struct slice word)
{
	static const char *const keys[] = { "physnet", "pci" };
	long equals = slice_find(word, SLICE("=")), colon = slice_find(word, SLICE(":"));

	if (equals < 0 || (colon >= 0 && colon < equals)) {
		take_attachment(reading, word);
		return;
	}
	struct slice key = slice_first(word, (size_t)equals);
	struct slice value = slice_from(word, (size_t)equals + 1);
	if (slice_eq_str(key, keys[0]))
		take_physnet(reading, value);
	else if (slice_eq_str(key, keys[1]))
		take_pci(reading, value);
	else
		fault(reading, "unknown key \"%s\": there are physnet=NAME and pci=SLOT", key);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* One line per host, or per host and physnet, or per host and slot: two would contradict each other. */
static bool
is_new(struct reading *reading, const struct hosts_entry *last)
{
	const struct hosts_entry *entry = &reading->entry;
	char earlier[32];

	for (; last; last = hosts_file_next(reading->file, last)) {
		if (!same_text(last->pci, entry->pci) ||
		    (!entry->pci && !same_text(last->physnet, entry->physnet)))
			continue;
		snprintf(earlier, sizeof(earlier), "%zu", last->line);
		fault(reading, "the same host, physnet and slot as in line %s", slice_of(earlier));
		return false;
	}
	return true;
}

/* Takes the entry over. */
static void
keep(struct reading *reading)
{
	struct hosts_file *file = reading->file;
	struct slice host = slice_of(reading->entry.host);
	uint32_t first = first_of(file, host);

	if (!is_new(reading, first == HTAB_NONE ? NULL : &file->entries[first]))
		return;
	if (file->n == file->room) {
		uint32_t room = file->room * 2 + 64;
		struct hosts_entry *entries = realloc(file->entries, room * sizeof(*entries));
		if (!entries) {
			reading->no_memory = true;
			return;
		}
		file->entries = entries;
		file->room = room;
	}
	reading->entry.next = HTAB_NONE;
	file->entries[file->n] = reading->entry;
	if (first != HTAB_NONE) {
		file->entries[file->n].next = file->entries[first].next;
		file->entries[first].next = file->n;
	} else if (htab_add(&file->by_host, host_hash_of(host), file->n) != 0) {
		reading->no_memory = true;
		return;
	}
	file->n++;
	reading->entry = (struct hosts_entry){ 0 };
}

static void
read_line(struct reading *reading, struct slice line)
{
	const size_t n_faults = reading->faults->n_errors;
	struct slice word;

	if (!word_take(reading, &line, &word))
		return;
	reading->entry = (struct hosts_entry){ .line = reading->line };
	reading->room_attachments = 0;
	if (slice_find(word, SLICE(":")) >= 0 || slice_find(word, SLICE("=")) >= 0)
		fault(reading, "the line must begin with a host's name, and not \"%s\"", word);
	else if (name_is_good(reading, word))
		reading->entry.host = copy(reading, word);
	while (word_take(reading, &line, &word))
		take_word(reading, word);
	if (reading->faults->n_errors == n_faults && reading->entry.n_attachments == 0)
		fault(
		    reading, "host \"%s\" has no SWITCH:INTERFACE", slice_of(reading->entry.host));
	if (reading->faults->n_errors == n_faults && !reading->no_memory)
		keep(reading);
	entry_release(&reading->entry);
}

/* ---- the whole ---- */

int
hosts_file_parse(
    struct hosts_file *file, struct slice text, const char *path, struct topo_faults *faults)
{
	const size_t n_faults = faults->n_errors;
	struct reading reading = { .file = file, .faults = faults, .path = path };

	*file = (struct hosts_file){ 0 };
	htab_init(&file->by_host, &host_type, file);
	if (slice_starts(text, UTF8_BOM))
		text = slice_from(text, strlen(UTF8_BOM));
	while (text.len > 0 && !reading.no_memory) {
		long end = slice_find(text, SLICE("\n"));
		size_t len = end < 0 ? text.len : (size_t)end;
		reading.line++;
		read_line(&reading, slice_first(text, len));
		text = slice_from(text, len + 1);
	}
	if (!reading.no_memory && faults->n_errors == n_faults)
		return 0;
	hosts_file_release(file);
	return reading.no_memory ? -ENOMEM : -EINVAL;
}

void
hosts_file_release(struct hosts_file *file)
{
	for (uint32_t i = 0; i < file->n; i++)
		entry_release(&file->entries[i]);
	free(file->entries);
	htab_release(&file->by_host);
	*file = (struct hosts_file){ 0 };
}

/*
 * api_ports_page: the ports of one page of a list, found in slices (admin layer, private to api_ports_*.c).
 *
 * How the ports are looked at depends on how many are expected. By id a page begins at its marker and ends with the limit-th
 * port, but each look is one somewhere in memory. Row by row, as they stand in memory, all are looked at, in a sixth of the time
 * for each: for any other order, for a name, and for filters by which a page does not fill soon. Whoever asks for ids gets a
 * look at these alone.
 */
#ifndef DPWATCH_ADMIN_API_PORTS_PAGE_H
#define DPWATCH_ADMIN_API_PORTS_PAGE_H

#include "admin/api_ports.h"

enum ports_walk { WALK_BY_ID, WALK_ROWS, WALK_NAMED };

/*
 * Where not walked by id, the best `limit` are kept: whenever there are twice as many, the worse half goes.
 */
struct ports_page {
	struct port_filters filters;
	struct port_order order;
	uint32_t limit;
	bool has_marker;
	uint8_t marker_id[16];
	uint32_t marker; /* its port; TOPO_NONE: there is none that the caller may see */
	enum ports_walk walk;
	bool placed;         /* by id: begin and end are known */
	uint32_t begin, end; /* places in the map's order by id */
	uint32_t looked;     /* so many ports (of those that are named: filters) were looked at */
	uint32_t *ports;     /* room for 2 * limit */
	uint32_t n;
	bool sorted;    /* the first `limit` are the best so far */
	bool found;     /* all: they stand as they are to be listed */
	json_t *listed; /* the first of them; owned */
};

/*
 * Filters, order and limit are known; nothing was looked at yet, of the map in force. By id, a port that has left still says where
 * the page begins; in another order nobody knows, and it is 404 as in Neutron, which answers that in either case. False when the
 * request has been answered.
 */
bool ports_page_start(struct api_call *call, struct ports_page *page);

/*
 * Does a slice's worth, a millisecond or two. True when the page is complete; or, with page->found false, memory is out. The map
 * must be that of ports_page_start().
 */
bool ports_page_step(struct api_call *call, struct ports_page *page);

void ports_page_release(struct ports_page *page);

#endif

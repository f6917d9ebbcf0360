package resourcelist

import "strings"

// frame is one open block collection: the column its entries begin at, and
// whether they are "- " entries or keys.
type frame struct {
	col int
	seq bool
}

// maxFrames is where the reader gives up and lets the YAML parser decide.
const maxFrames = 256

// maxKey is how long a key may be for the reader; YAML ends somewhat later.
const maxKey = 1000

// reader recognises the block form of YAML line by line, without building
// anything but the identity of what it reads.
//
// It is strict the other way round than a parser: whatever it does not know is
// not guessed at. read then returns false, and the caller has the text parsed by
// yaml.v3 before anything is believed about it. With doubt set the reader knows
// where the block ends, but its inside has to be parsed too.
type reader struct {
	src   string
	pos   int  // where the line to be read next begins
	limit int  // the end of the document
	floor int  // a line indented no deeper ends the block ...
	keys  bool // ... unless keys is set and it is a "- " at floor: a section of a mapping

	frames  []frame
	pending bool // the last entry has no value yet: it may follow, deeper
	plain   bool // a plain scalar is open: deeper lines continue it
	doubt   bool
	open    bool // no comment of the outside was seen since the last content
	last    int  // behind the last line that belongs to the block

	slot slot
	seen slots
	found
}

// found is what the reader learns of an item on its way.
type found struct {
	apiVersion, kind, namespace, name string

	column             int  // where the keys of the item begin
	metaFrom, metaTo   int  // the lines below metadata:
	metaWrapped        bool // a quoted or flow value of several lines stands in there
	inMeta             bool
	step               int // indentation of a mapping in a mapping, 0 = none seen
	seqKnown, seqInset bool
}

// line is one line of the text: its first byte that is no space, its end
// without the line break, and where the next one begins.
type line struct {
	start, text, end, next int
}

func (r *reader) line(pos int) line { return lineAt(r.src, pos, r.limit) }

func lineAt(src string, pos, limit int) line {
	l := line{start: pos, end: limit, next: limit}
	if n := strings.IndexByte(src[pos:limit], '\n'); n >= 0 {
		l.end, l.next = pos+n, pos+n+1
	}
	if l.end > pos && src[l.end-1] == '\r' {
		l.end--
	}
	l.text = pos
	for l.text < l.end && src[l.text] == ' ' {
		l.text++
	}
	return l
}

func (l line) blank() bool             { return l.text == l.end }
func (l line) indent() int             { return l.text - l.start }
func (l line) comment(src string) bool { return l.text < l.end && src[l.text] == '#' }
func (l line) dash(src string) bool    { return isDash(src, l.text, l.end) }
func isDash(src string, i, end int) bool {
	return i < end && src[i] == '-' && (i+1 == end || src[i+1] == ' ')
}

// begin sets the reader on another block; only the memory of the last one stays.
func (r *reader) begin(pos, floor int, keys bool, open ...frame) {
	*r = reader{src: r.src, limit: r.limit, pos: pos, floor: floor, keys: keys, frames: append(r.frames[:0], open...)}
	r.pending = r.top().seq
	r.open = true
	r.last = pos
}

// read goes over the block that begins at pos and stops before the line that
// ends it. False: something it does not understand stands at pos.
func (r *reader) read() bool {
	first := true
	for r.pos < r.limit {
		l := r.line(r.pos)
		if l.blank() || l.comment(r.src) {
			r.skip(l)
			continue
		}
		if !first && r.stops(l) {
			break
		}
		first = false
		if !r.entry(l) {
			return false
		}
		r.last, r.open = r.pos, true
	}
	if r.metaFrom > 0 && r.metaTo == 0 {
		r.metaTo = r.last
	}
	return true
}

// skip passes a line without content. What is indented like the outside of the
// block belongs to what comes next; the rest still belongs to the block.
func (r *reader) skip(l line) {
	if l.comment(r.src) {
		r.plain = false
		if l.indent() <= r.floor {
			r.open = false
		}
	}
	r.pos = l.next
	if r.open {
		r.last = r.pos
	}
}

func (r *reader) stops(l line) bool {
	if l.indent() > r.floor {
		return false
	}
	return !r.keys || l.indent() < r.floor || !l.dash(r.src)
}

// pass moves to the end of a block that read did not understand: the first line
// that would end it, if no quoted text is open there. Whoever calls it has the
// block parsed, which fails if there was.
func (r *reader) pass(from int) {
	r.pos, r.open, r.last = from, true, from
	for first := true; r.pos < r.limit; {
		l := r.line(r.pos)
		if l.blank() || l.comment(r.src) {
			r.skip(l)
			continue
		}
		if !first && r.stops(l) {
			return
		}
		first = false
		r.pos = l.next
		r.last, r.open = r.pos, true
	}
}

// entry reads the value that begins on the line l, over several lines if need be.
func (r *reader) entry(l line) bool {
	col, i := l.indent(), l.text
	if r.src[i] == '\t' {
		return false
	}
	if r.plain && col > r.top().col {
		return r.continuation(l)
	}
	r.plain = false
	r.pop(col)
	for isDash(r.src, i, l.end) {
		if !r.openSequence(col) {
			return false
		}
		r.slot = noSlot
		j := i + 1
		for j < l.end && r.src[j] == ' ' {
			j++
		}
		r.pending = true
		if j == l.end || r.src[j] == '#' {
			r.pos = l.next
			return len(r.frames) > 1
		}
		col, i = col+j-i, j
	}
	return r.node(i, col, l)
}

func (r *reader) top() frame { return r.frames[len(r.frames)-1] }

// pop closes what a line at column col closes by standing there.
func (r *reader) pop(col int) {
	for len(r.frames) > 1 && r.top().col > col {
		r.frames = r.frames[:len(r.frames)-1]
		r.pending = false
	}
}

func (r *reader) openSequence(col int) bool {
	top := r.top()
	if top.seq && top.col == col {
		r.pending = false
		return true
	}
	if !r.pending || (col <= top.col && (top.seq || col != top.col)) {
		return false
	}
	if !top.seq && !r.seqKnown {
		r.seqKnown, r.seqInset = true, col > top.col
	}
	return r.push(frame{col, true})
}

func (r *reader) openMapping(col int) bool {
	if n := len(r.frames); n > 1 && r.top().seq && r.top().col == col && !r.frames[n-2].seq && r.frames[n-2].col == col {
		r.frames = r.frames[:n-1]
		r.pending = false
	}
	top := r.top()
	if !top.seq && top.col == col {
		return true
	}
	if !r.pending || col <= top.col {
		return false
	}
	if !top.seq && r.step == 0 {
		r.step = col - top.col
	}
	return r.push(frame{col, false})
}

// push opens a collection. The outermost one has to be a mapping: the reader
// knows objects only.
func (r *reader) push(f frame) bool {
	if len(r.frames) == maxFrames || (len(r.frames) == 1 && f.seq) {
		return false
	}
	if len(r.frames) == 1 {
		r.column = f.col
	}
	r.frames = append(r.frames, f)
	return true
}

// continuation is one more line of a plain scalar. It may begin with anything,
// even with what would otherwise be a dash or a quote.
func (r *reader) continuation(l line) bool {
	end, stop := plainEnd(r.src, l.text, l.end)
	if stop != stopEnd && stop != stopComment || end == l.text || r.slot != noSlot {
		return false
	}
	r.plain = stop == stopEnd
	r.pos = l.next
	return true
}

// node reads what stands at i of line l: a key with its value, or a value.
func (r *reader) node(i, col int, l line) bool {
	colon := -1
	switch c := r.src[i]; {
	case c == '"' || c == '\'':
		if end, _ := quotedEnd(r.src, i, l.end); end >= 0 && end < l.end && r.src[end] == ':' {
			if end+1 < l.end && r.src[end+1] != ' ' {
				return false
			}
			colon = end
		}
	case plainStart(r.src, i, l.end):
		if end, stop := plainEnd(r.src, i, l.end); stop == stopKey {
			colon = end
		}
	}
	if colon < 0 {
		if !r.pending || col <= r.top().col || len(r.frames) == 1 {
			return false
		}
		return r.value(i, l)
	}
	if colon-i > maxKey || !r.openMapping(col) || !r.key(r.src[i:colon], l) {
		return false
	}
	return r.afterKey(colon+1, l)
}

func (r *reader) afterKey(i int, l line) bool {
	for i < l.end && r.src[i] == ' ' {
		i++
	}
	if i < l.end && r.src[i] != '#' {
		return r.value(i, l)
	}
	r.pending = true
	r.pos = l.next
	if r.slot == metadataSlot {
		r.metaFrom = l.next
	} else if r.slot != noSlot {
		r.doubt = true // its value may follow below
	}
	return true
}

// value reads a scalar or a flow collection that begins at i of line l.
func (r *reader) value(i int, l line) bool {
	r.pending = false
	if r.slot == metadataSlot && !r.flowMetadata(i, l) {
		r.doubt = true
	}
	switch c := r.src[i]; {
	case c == '"' || c == '\'':
		return r.quoted(i, l)
	case c == '[' || c == '{':
		return r.flow(i, l)
	case c == '|' || c == '>':
		return r.blockScalar(i, l)
	case !plainStart(r.src, i, l.end):
		return false
	}
	end, stop := plainEnd(r.src, i, l.end)
	if stop != stopEnd && stop != stopComment {
		return false
	}
	r.plain = stop == stopEnd
	r.assign(plainValue(r.src[i:end]))
	r.pos = l.next
	return true
}

// rest checks that nothing but a comment follows a closed value, and moves to
// the next line.
func (r *reader) rest(i int) bool {
	l := lineAt(r.src, i, r.limit)
	if l.text < l.end && (r.src[l.text] != '#' || l.text == i) {
		return false
	}
	r.pos = l.next
	return true
}

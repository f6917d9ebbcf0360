package mesh

// tcpIndex finds the first route that covers a match of connections without
// comparing it with all, as coverIndex does for requests.
type tcpIndex map[tcpKey][]indexedTCP

// tcpKey is a port, 0 for all, and one thing beside it that a match asks for,
// empty for none.
type tcpKey struct {
	port  uint32
	asked string
}

type indexedTCP struct {
	route int
	match *tcpMatch
}

// add takes the matches of a route; routes are added in their order. A match lies
// under one thing that every connection that it takes has, or under each of its
// subnets.
func (x tcpIndex) add(route int, matches []*tcpMatch) {
	for _, m := range matches {
		keys := []string{""}
		switch asked := askedOfCaller(m); {
		case len(asked) > 0:
			keys = asked[:1]
		case len(m.DestinationSubnets) > 0:
			keys = m.DestinationSubnets
		}
		for _, key := range keys {
			k := tcpKey{m.Port, key}
			x[k] = append(x[k], indexedTCP{route, m})
		}
	}
}

// all is the first route that covers the first of matches, where each of them is
// covered by some route; else -1.
func (x tcpIndex) all(matches []*tcpMatch) int {
	first := -1
	for _, m := range matches {
		i := x.first(m)
		if i < 0 {
			return -1
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// first is the first route with a match that covers m, or -1.
func (x tcpIndex) first(m *tcpMatch) int {
	keys := append(askedOfCaller(m), "")
	if len(m.DestinationSubnets) > 0 {
		keys = append(keys, m.DestinationSubnets[0])
	}
	found := -1
	for _, port := range []uint32{0, m.Port} {
		for _, key := range keys {
			for _, other := range x[tcpKey{port, key}] {
				if found >= 0 && other.route >= found {
					break
				}
				if tcpCovers(other.match, m) {
					found = other.route
					break
				}
			}
		}
	}
	return found
}

// askedOfCaller is all that m asks of who connects. No subnet looks like it.
func askedOfCaller(m *tcpMatch) []string {
	var all []string
	for _, name := range sortedKeys(m.SourceLabels) {
		all = append(all, name+"="+m.SourceLabels[name])
	}
	if m.SourceNamespace != "" {
		all = append(all, "namespace "+m.SourceNamespace)
	}
	return all
}

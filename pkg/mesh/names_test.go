package mesh

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 80)
	for _, c := range []struct{ got, want string }{
		{objectHost("*"), "any"},
		{objectHost("*.x.y"), "any.x.y"},
		{objectHost("any.x.y"), "any-ec10e46c.x.y"},
		{objectHost("any"), "any-d6a7cd2a"},
		{objectHost("anything.x"), "anything.x"},
		{labelHost("a-b.c"), "a--b-c"},
		{labelHost("a.b.c"), "a-b-c"},
		{cut("short", 63), "short"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	if a, b := cut(long+"1", 63), cut(long+"2", 63); a == b || len(a) > 63 || !isLabel(a) {
		t.Errorf("%s and %s", a, b)
	}
	if a := cut(strings.Repeat("a", 53)+"."+long, 63); !isLabel(a) {
		t.Errorf("%s ends its first part badly", a)
	}
}

func TestServes(t *testing.T) {
	for _, c := range []struct {
		entry, host string
		want        bool
	}{
		{"*.shop.example.com", "shop.example.com", false},
		{"*.shop.example.com", "a.shop.example.com", true},
		{"*.shop.example.com", "a.b.shop.example.com", true},
		{"*.shop.example.com", "ashop.example.com", false},
		{"*.shop.example.com", "*.shop.example.com", true},
		{"*.shop.example.com", "*.a.shop.example.com", true},
		{"*.a.shop.example.com", "*.shop.example.com", false},
		{"*.shop.example.com", "*", false},
		{"a.example.com", "a.example.com", true},
		{"a.example.com", "*.example.com", false},
		{"*", "*", true},
		{"*", "*.x", true},
		{"*", "a", true},
	} {
		if got := (gatewayHost{name: c.entry}).serves(c.host); got != c.want {
			t.Errorf("%s serves %s: %v", c.entry, c.host, got)
		}
	}
}

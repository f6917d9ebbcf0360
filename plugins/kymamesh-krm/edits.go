package main

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
)

// edit plans what the documents change in objects of somebody else, and what no
// document asks for any more, as far as the part of the call speaks of it.
func (c *call) edit(ds *diag.List) []edit.Change {
	if !c.seesPackage() {
		return nil
	}
	p := edit.Package{
		Items: c.list.Items(),
		Part:  func(item *resourcelist.Item) bool { return c.part.Changes(item) },
		Place: func(item *resourcelist.Item, _ int) string { return placeName(item) },
		Reaches: func(origin diag.Path, item *resourcelist.Item) bool {
			p, pkg := c.places[origin.Document()], placeOf(item).pkg
			return p.around(pkg) && !(edit.IsOperator(item) && pkg != p.pkg && c.holdsMesh(pkg))
		},
		Frees: func(item *resourcelist.Item) bool {
			pkg := placeOf(item).pkg
			return slices.ContainsFunc(c.places, func(p place) bool { return p.kind == "KymaMesh" && p.around(pkg) })
		},
	}
	changes, found := p.Plan(c.edits)
	*ds = append(*ds, found...)
	return changes
}

// holdsMesh tells whether a package has a KymaMesh of its own, which its IstioOperator
// belongs to then.
func (c *call) holdsMesh(pkg string) bool {
	return slices.ContainsFunc(c.places, func(p place) bool { return p.kind == "KymaMesh" && p.pkg == pkg })
}

// placeName is the file of an item, else the item: the lines of the list are
// nobody's.
func placeName(item *resourcelist.Item) string {
	if file := fileOf(item); file != "" {
		return file
	}
	return strings.Join(slices.DeleteFunc([]string{item.Namespace(), item.Name()}, func(s string) bool { return s == "" }), "/") + " (" + item.Kind() + ")"
}

// around tells whether a package is the document's or lies below it.
func (p place) around(pkg string) bool {
	return p.pkg == "" || pkg == p.pkg || strings.HasPrefix(pkg, p.pkg+"/")
}

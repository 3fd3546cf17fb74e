package arrowcodec

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// sortable says that maps may have keys of type t: the entries are stored in the order of the keys, so
// that the same map makes the same file.
func sortable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

func compareKeys(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.Bool() == b.Bool():
		return 0
	case a.Bool():
		return 1
	}
	return -1
}

// mapOf returns the layout of maps. A nil one is an empty map.
func mapOf(t reflect.Type, key, item layout) layout {
	stored := arrow.MapOf(key.dataType, item.dataType)
	stored.SetItemNullable(item.nullable)
	return layout{
		dataType: stored,
		width:    arrow.Int32SizeBytes,
		more:     func(v reflect.Value) int { return entriesWidth(v, key, item) },
		put: func(b array.Builder) putter {
			to := b.(*array.MapBuilder)
			putKey, putItem := key.put(to.KeyBuilder()), item.put(to.ItemBuilder())
			return func(v reflect.Value) *fault {
				to.Append(true)
				for _, k := range slices.SortedFunc(slices.Values(v.MapKeys()), compareKeys) {
					f := putKey(k)
					if f == nil {
						f = putItem(v.MapIndex(k))
					}
					if f != nil {
						f.path = fmt.Sprintf("[%v]%s", k, f.path)
						return f
					}
				}
				return nil
			}
		},
		open: func(stored arrow.DataType, path string) (opener, error) {
			entries, ok := stored.(*arrow.MapType)
			if !ok {
				return nil, nil
			}
			keys, err := key.reader(entries.KeyType(), path+"[]")
			if err != nil {
				return nil, err
			}
			items, err := item.reader(entries.ItemType(), path+"[]")
			return mapsOf(t, keys, items), err
		},
	}
}

func entriesWidth(v reflect.Value, key, item layout) int {
	n := v.Len() * (key.width + item.width)
	if key.more == nil && item.more == nil {
		return n
	}
	for entry := v.MapRange(); entry.Next(); {
		if key.more != nil {
			n += key.more(entry.Key())
		}
		if item.more != nil {
			n += item.more(entry.Value())
		}
	}
	return n
}

// mapsOf reads maps. A key that stands there twice is a fault, since the map would keep one of them.
func mapsOf(t reflect.Type, keys, items opener) opener {
	return func(a arrow.Array) cells {
		from := a.(*array.Map)
		getKey, getItem := keys(from.Keys()).must(t.Key()), items(from.Items()).must(t.Elem())
		return cells{get: func(i int, v reflect.Value) *fault {
			start, end := from.ValueOffsets(i)
			if start == end {
				return nil
			}
			made := reflect.MakeMapWithSize(t, int(end-start))
			for at := int(start); at < int(end); at++ {
				key, item := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
				if fault := getKey(at, key); fault != nil {
					fault.path = "[key]" + fault.path
					return fault
				}
				if made.MapIndex(key).IsValid() {
					return &fault{reason: fmt.Sprintf("has the key %v twice, and a map keeps one: load record batches", key)}
				}
				if fault := getItem(at, item); fault != nil {
					fault.path = fmt.Sprintf("[%v]%s", key, fault.path)
					return fault
				}
				made.SetMapIndex(key, item)
			}
			v.Set(made)
			return nil
		}}
	}
}

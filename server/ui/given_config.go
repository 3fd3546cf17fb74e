package ui

import "encoding/json"

// configRow is a field of the config that a launch gave.
type configRow struct{ Path, Value string }

// givenConfig lists the fields of the stored config of a launch.
func givenConfig(config json.RawMessage) []configRow {
	var sections map[string]map[string]struct {
		Config map[string]any `json:"config"`
	}
	if json.Unmarshal(config, &sections) != nil {
		return nil
	}
	var list []configRow
	for _, section := range sortedKeys(sections) {
		for _, key := range sortedKeys(sections[section]) {
			list = appendFields(list, key, sections[section][key].Config)
		}
	}
	return list
}

func appendFields(list []configRow, path string, fields map[string]any) []configRow {
	for _, name := range sortedKeys(fields) {
		inner, ok := fields[name].(map[string]any)
		_, isReference := inner["env"] // {env: NAME}
		if ok && (!isReference || len(inner) > 1) {
			list = appendFields(list, path+"."+name, inner)
			continue
		}
		list = append(list, configRow{path + "." + name, valueText(fields[name])})
	}
	return list
}

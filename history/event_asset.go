package history

// AssetMaterialized says that the value of an asset was computed and stored. The
// current value of an asset, or of one of its partitions, is its last one: see
// [EventQuery].
type AssetMaterialized struct {
	// Asset is the asset's key, such as "raw/orders". Never empty.
	Asset string `json:"asset"`
	// Partition is the partition's key, or "" for an asset without partitions.
	Partition string `json:"partition,omitempty"`
	// Step is the key of the running step that made it.
	Step string `json:"step"`
	// IOManager is the key of the IO manager that stored it, or "" if the
	// asset's function stored its own data.
	IOManager string `json:"io_manager,omitempty"`
	// CodeVersion is the version of the code that made it, or "" if it is not known.
	CodeVersion string `json:"code_version,omitempty"`
	// Size is the stored value's size in bytes, or 0 if that is not known.
	Size int64 `json:"size,omitempty"`
	// Metadata is what the function and the IO manager tell about the value. Nil is
	// no metadata.
	Metadata Values `json:"metadata,omitempty"`
}

func (AssetMaterialized) eventType() EventType { return TypeAssetMaterialized }

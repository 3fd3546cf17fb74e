package history

// AssetMaterialized says that the value of an asset was computed and stored. The
// last such event of an asset, or of one of its partitions, describes the current
// value: see [EventQuery].
type AssetMaterialized struct {
	// Asset is the key of the asset, such as "raw/orders". It is never empty.
	Asset string `json:"asset"`
	// Partition is the key of the partition, or "" for an asset without partitions.
	Partition string `json:"partition,omitempty"`
	// Step is the key of the running step that computed the value.
	Step string `json:"step"`
	// Attempt is the attempt that computed the value, or 0 if it is not known: see
	// [StepSucceeded].
	Attempt int `json:"attempt,omitempty"`
	// IOManager is the key of the IO manager that stored the value, or "" if the
	// function of the asset stored its data itself.
	IOManager string `json:"io_manager,omitempty"`
	// CodeVersion is the version of the code that computed the value, or "" if the
	// version is not known.
	CodeVersion string `json:"code_version,omitempty"`
	// Size is the size of the stored value in bytes, or 0 if the size is not known.
	Size int64 `json:"size,omitempty"`
	// Metadata is what the function and the IO manager say about the value. Nil
	// means that there is no metadata.
	Metadata Values `json:"metadata,omitempty"`
}

func (AssetMaterialized) eventType() EventType { return TypeAssetMaterialized }

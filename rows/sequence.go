package rows

import "iter"

// From returns the rows of a slice as a sequence, which is assignable to [Seq] and to
// iter.Seq2[T, error].
func From[T any](slice []T) func(yield func(T, error) bool) {
	return func(yield func(T, error) bool) {
		for _, row := range slice {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Each returns the rows of batches as single rows. The sequence ends after the first error. It is
// assignable to [Seq] and to iter.Seq2[T, error].
func Each[T any](batches func(yield func([]T, error) bool)) func(yield func(T, error) bool) {
	return func(yield func(T, error) bool) {
		for batch, err := range batches {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, row := range batch {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// Batch returns rows in batches of size rows. The last batch may be smaller. size <= 0
// means [Size]. Every batch belongs to the receiver. The first error comes after the rows
// before it, and ends the sequence. Batch keeps the rows as they are, so a sequence must not
// change the memory that they refer to.
func Batch[T any](rows func(yield func(T, error) bool), size int) iter.Seq2[[]T, error] {
	if size <= 0 {
		size = Size
	}
	return func(yield func([]T, error) bool) {
		var batch []T
		for row, err := range rows {
			if err != nil {
				if len(batch) == 0 || yield(batch, nil) {
					yield(nil, err)
				}
				return
			}
			if batch == nil {
				batch = make([]T, 0, size)
			}
			if batch = append(batch, row); len(batch) == size {
				if !yield(batch, nil) {
					return
				}
				batch = nil
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}

// Collect returns all rows of a sequence. If there is an error, it also returns the rows
// before the error. If there are no rows, it returns nil. Collect keeps the rows as they are, so
// a sequence must not change the memory that they refer to.
func Collect[T any](rows func(yield func(T, error) bool)) ([]T, error) {
	var all []T
	for row, err := range rows {
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
	return all, nil
}

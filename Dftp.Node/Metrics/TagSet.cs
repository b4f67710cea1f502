namespace Dftp.Node.Metrics;

/// <summary>The tags of a measurement: at most three, so that a lookup allocates nothing.</summary>
internal readonly record struct TagSet
{
    private const int MaxCount = 3;

    private readonly KeyValuePair<string, object?> _first, _second, _third;

    /// <exception cref="NotSupportedException">There are more than three.</exception>
    public TagSet(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length > MaxCount) throw new NotSupportedException($"an instrument here has at most {MaxCount} tags, not {tags.Length}");
        Count = tags.Length;
        if (tags.Length > 0) _first = tags[0];
        if (tags.Length > 1) _second = tags[1];
        if (tags.Length > 2) _third = tags[2];
    }

    public int Count { get; }

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => _first,
        1 => _second,
        _ => _third,
    };

    public bool Equals(TagSet other) =>
        Count == other.Count && IsSame(_first, other._first) && IsSame(_second, other._second) && IsSame(_third, other._third);

    public override int GetHashCode() => HashCode.Combine(Count, _first.Value, _second.Value, _third.Value);

    private static bool IsSame(in KeyValuePair<string, object?> left, in KeyValuePair<string, object?> right) =>
        left.Key == right.Key && Equals(left.Value, right.Value);
}

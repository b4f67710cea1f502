namespace Dftp.FileSystem;

/// <summary>What a principal may do at a place. Each right includes those before it.</summary>
public enum Right
{
    /// <summary>Nothing: the place seems not to exist.</summary>
    None,

    /// <summary>See names, sizes and times, and open nothing.</summary>
    List,

    /// <summary>Read contents.</summary>
    Read,

    /// <summary>Create, replace, move and remove.</summary>
    Write,

    /// <summary>Change rights and rules.</summary>
    Manage,
}

/// <summary>A right at a path and everything below it, except at more specific places.</summary>
public readonly record struct PlaceRight(VirtualPath Path, Right Right);

/// <summary>The user on whose behalf something is done: a name and the rights of the user. Immutable.</summary>
public sealed class Principal
{
    private readonly Dictionary<string, Right> _rights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Right>.AlternateLookup<ReadOnlySpan<char>> _byPath;

    /// <param name="name">The name of the user, for logs and messages.</param>
    /// <param name="places">The rights. The most specific place decides; beyond all places there is no right.</param>
    /// <exception cref="ArgumentException">A path occurs twice.</exception>
    public Principal(string name, IEnumerable<PlaceRight> places)
    {
        Name = name;
        Places = [.. places.OrderBy(place => place.Path.Value, StringComparer.Ordinal)];
        foreach (var place in Places)
        {
            if (!_rights.TryAdd(place.Path.Value, place.Right)) throw new ArgumentException($"{place.Path} has two rights", nameof(places));
        }

        _byPath = _rights.GetAlternateLookup<ReadOnlySpan<char>>();
        ReadsEverything = _rights.ContainsKey("/") && Places.All(place => place.Right >= Right.Read);
    }

    /// <summary>A client without credentials. It reads everything.</summary>
    public static Principal Anonymous { get; } = new("anonymous", [new(VirtualPath.Root, Right.Read)]);

    /// <summary>Another node of the cluster. It reads everything, and shows its users what they may see.</summary>
    public static Principal Peer { get; } = new("peer", [new(VirtualPath.Root, Right.Read)]);

    public string Name { get; }

    /// <summary>The rights, sorted by path.</summary>
    public IReadOnlyList<PlaceRight> Places { get; }

    /// <summary>Whether the principal may read every path.</summary>
    public bool ReadsEverything { get; }

    /// <summary>What the principal may do at a path. The cost grows with the depth of the path, not with the number of places.</summary>
    public Right RightAt(VirtualPath path)
    {
        for (var rest = path.Value.AsSpan(); rest.Length > 1; rest = rest[..rest.LastIndexOf('/')])
        {
            if (_byPath.TryGetValue(rest, out var right)) return right;
        }

        return _rights.GetValueOrDefault("/");
    }

    public override string ToString() => Name;
}

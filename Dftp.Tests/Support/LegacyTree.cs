using System.Text.Json;

namespace Dftp.Tests.Support;

/// <summary>
/// What a legacy node knows of its peers' entries, by its rules: an entry is applied only where its LastInfoUpdated is strictly newer than
/// that of the entry that it has of the path; SizeInBytes of -1 is a deletion, which stays known. Safe for many at once.
/// </summary>
internal sealed class LegacyTree
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long LastInfoUpdated, long Size)> _entries = [];

    /// <summary>The paths that are shown.</summary>
    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_lock) return [.. _entries.Where(entry => entry.Value.Size >= 0).Select(entry => entry.Key)
                .Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The size of what is shown at a path.</summary>
    public long SizeOf(string path)
    {
        lock (_lock) return _entries[path].Size;
    }

    public long LastInfoUpdatedOf(string path)
    {
        lock (_lock) return _entries[path].LastInfoUpdated;
    }

    /// <summary>Takes an update message.</summary>
    public void Apply(JsonElement update)
    {
        lock (_lock)
        {
            foreach (var file in update.GetProperty("Files").EnumerateArray())
            {
                var path = file.GetProperty("FullName").GetString()!;
                var time = file.GetProperty("LastInfoUpdated").GetInt64();
                if (!_entries.TryGetValue(path, out var known) || time > known.LastInfoUpdated) _entries[path] = (time,
                    file.GetProperty("SizeInBytes").GetInt64());
            }
        }
    }
}

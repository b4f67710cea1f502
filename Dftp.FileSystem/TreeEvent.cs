using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dftp.FileSystem;

public enum TreeEventKind
{
    /// <summary>There is a new entry at the path. The entries of a created directory have events of their own.</summary>
    Created,

    /// <summary>
    /// The size or modification time at the path differs. For a directory only the time counts: its size is a sum over files that
    /// have events of their own. Another owner with the same facts is not a change.
    /// </summary>
    Changed,

    /// <summary>The path no longer exists, nor does anything below it.</summary>
    Deleted,

    NodeJoined,

    NodeLeft,

    /// <summary>More has changed at the path or below it than is reported one by one: read it again.</summary>
    Reset,
}

/// <summary>A change of the tree.</summary>
/// <param name="Sequence">The number of the event; numbers are consecutive.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Path">The path; the root for an event of a node.</param>
/// <param name="IsDirectory">Whether the path is (or was) a directory.</param>
/// <param name="Size">Bytes, as <see cref="Entry.Size"/>; the last known value after a deletion.</param>
/// <param name="Modified">The modification time; the last known value after a deletion.</param>
/// <param name="Node">The owner; or the node that joined or left.</param>
/// <remarks>The event has the facts and not an <see cref="Entry"/>, which would keep its whole tree in memory.</remarks>
public sealed record TreeEvent(
    long Sequence, TreeEventKind Kind, VirtualPath Path, bool IsDirectory = false, long Size = 0, UnixTime Modified = default,
    NodeName Node = default)
{
    /// <summary>Whether the event concerns a directory or anything below it. An event at one of its ancestors does.</summary>
    public bool Concerns(VirtualPath under) => Kind switch
    {
        TreeEventKind.NodeJoined or TreeEventKind.NodeLeft => true,
        TreeEventKind.Deleted or TreeEventKind.Reset => Path.IsSameOrUnder(under) || under.IsSameOrUnder(Path),
        _ => Path.IsSameOrUnder(under),
    };
}

/// <summary>A position in the event stream of one node's process, written <c>incarnation-sequence</c>.</summary>
/// <param name="Incarnation">Identifies the start of the process.</param>
/// <param name="Sequence">The number of the last event before the position; 0 at the beginning.</param>
public readonly record struct TreeEventId(long Incarnation, long Sequence)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out TreeEventId id)
    {
        id = default;
        var dash = text?.IndexOf('-', StringComparison.Ordinal) ?? -1;
        if (dash < 0 || !TryParse(text.AsSpan(0, dash), out var incarnation) || !TryParse(text.AsSpan(dash + 1), out var sequence)) return false;
        id = new TreeEventId(incarnation, sequence);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Incarnation}-{Sequence}");

    private static bool TryParse(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>
/// Reads the change events of a tree. It keeps a position and no events: a reader that is too slow loses events, and <see
/// cref="Read"/> reports that. Not thread-safe. Disposing of it ends the subscription.
/// </summary>
public abstract class TreeEventReader : IDisposable
{
    /// <summary>
    /// The position after the last event read. Every later <see cref="ITreeView.Snapshot"/> includes all changes before it.
    /// </summary>
    public abstract TreeEventId Position { get; }

    /// <summary>Reads the events since the last call.</summary>
    /// <param name="most">At least 1.</param>
    /// <param name="isCut">
    /// Whether events since the last call are lost, or the start position is not one of this process. The caller must then read the
    /// tree again. No events are returned, and the next call continues with events from now on.
    /// </param>
    /// <returns>Up to <paramref name="most"/> events in order; empty when nothing has happened.</returns>
    public abstract IReadOnlyList<TreeEvent> Read(int most, out bool isCut);

    /// <summary>Waits until there is an event to read.</summary>
    public abstract Task WaitAsync(CancellationToken cancellationToken);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

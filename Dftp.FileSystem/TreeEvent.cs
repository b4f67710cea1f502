using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dftp.FileSystem;

public enum TreeEventKind
{
    /// <summary>There is a new entry at the path. The entries of a created directory have events of their own.</summary>
    Created,

    /// <summary>
    /// What is at the path is another content: its size or modification time differs. Of a directory only the time counts, its size being
    /// the sum of what is told by itself. Another owner with the same facts is no change.
    /// </summary>
    Changed,

    /// <summary>Nothing is at the path any more, nor below it.</summary>
    Deleted,

    NodeJoined,

    NodeLeft,

    /// <summary>More has changed at the path or below it than is reported one by one: read it again.</summary>
    Reset,
}

/// <summary>A change of the tree.</summary>
/// <param name="Sequence">Counts the events; the next one has the next number.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Path">Where; the root for a node.</param>
/// <param name="IsDirectory">Whether a directory is (or was) there.</param>
/// <param name="Size">Bytes, as <see cref="Entry.Size"/>; what it was when it is gone.</param>
/// <param name="Modified">The modification time; what it was when it is gone.</param>
/// <param name="Node">The owner; or the node that joined or left.</param>
/// <remarks>Facts and no <see cref="Entry"/>: that would keep the tree alive which it was taken from.</remarks>
public sealed record TreeEvent(
    long Sequence, TreeEventKind Kind, VirtualPath Path, bool IsDirectory = false, long Size = 0, UnixTime Modified = default, NodeName Node = default)
{
    /// <summary>Whether it matters to who looks at a directory and what is below it: what happens above happens to it too.</summary>
    public bool Concerns(VirtualPath under) => Kind switch
    {
        TreeEventKind.NodeJoined or TreeEventKind.NodeLeft => true,
        TreeEventKind.Deleted or TreeEventKind.Reset => Path.IsSameOrUnder(under) || under.IsSameOrUnder(Path),
        _ => Path.IsSameOrUnder(under),
    };
}

/// <summary>A place in the events of one node's process, written <c>epoch-sequence</c>.</summary>
/// <param name="Epoch">Differs from start to start.</param>
/// <param name="Sequence">That of the last event before the place; 0 at the beginning.</param>
public readonly record struct TreeEventId(long Epoch, long Sequence)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out TreeEventId id)
    {
        id = default;
        var dash = text?.IndexOf('-', StringComparison.Ordinal) ?? -1;
        if (dash < 0 || !TryParse(text.AsSpan(0, dash), out var epoch) || !TryParse(text.AsSpan(dash + 1), out var sequence)) return false;
        id = new TreeEventId(epoch, sequence);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Sequence}");

    private static bool TryParse(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>
/// Follows the changes of a tree. It keeps its place and no events: a follower that is too slow misses some, and is told. Used by one at a
/// time; disposing of it ends the following.
/// </summary>
public abstract class TreeEventReader : IDisposable
{
    /// <summary>The place after what was read last. What <see cref="IFileTree.Snapshot"/> gives from now on has at least all before it.</summary>
    public abstract TreeEventId Position { get; }

    /// <summary>Reads what has happened since.</summary>
    /// <param name="most">At least 1.</param>
    /// <param name="isCut">
    /// Events between the last call and this one are lost, or the place to begin at was none of this process: what is known of the tree is
    /// to be read anew. Nothing is returned then, and the next call goes on with what happens from now on.
    /// </param>
    /// <returns>At most so many events, in their order; empty when nothing has happened.</returns>
    public abstract IReadOnlyList<TreeEvent> Read(int most, out bool isCut);

    /// <summary>Ends when there is something to read.</summary>
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

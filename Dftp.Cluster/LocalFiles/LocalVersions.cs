using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// Determines which version of its content an opened file of this node is, and corrects the tree if that differs.
/// </summary>
/// <remarks>
/// Size and modification time tell most versions apart. If the time is a whole second, as left by archives and copies, the file's identity
/// (inode and time of birth) is part of the version. A file that was written or replaced, but has its former size and time, is recognised
/// by one of these:
/// <list type="bullet">
/// <item>events: it was reported as written or replaced (<see cref="RewrittenFiles"/>), and no scan has put that into the tree yet;</item>
/// <item>its time of birth, if later than the entry's last observed change: another file has taken its place without an event;</item>
/// <item>the tree: a scan has recorded it (<see cref="FileFacts.IsRevised"/>).</item>
/// </list>
/// The status time (ctime) alone says nothing about the content: links and changes of permissions move it too.
/// </remarks>
/// <param name="node">This node.</param>
/// <param name="tree">The known entries.</param>
/// <param name="rewritten">The changes reported since the last scan.</param>
/// <param name="time">The clock.</param>
internal sealed class LocalVersions(NodeName node, ITreeIndex tree, RewrittenFiles rewritten, TimeProvider time)
{
    /// <summary>An event arrives some milliseconds after the change, later on a busy machine.</summary>
    private static readonly TimeSpan MayBeUnheard = TimeSpan.FromSeconds(2);

    private readonly OtherNames _otherNames = new(node, tree, rewritten, time);

    private readonly ulong _seed = NameBytes.Hash(0, Encoding.UTF8.GetBytes(node.Value));

    /// <summary>
    /// Whether the status time is later than the modification time, as after the latter was set back or the file was renamed over another
    /// one. After a plain write both are the same.
    /// </summary>
    public static bool HasMovedStatus(OpenedFile opened) =>
        opened.Identity.StatusChanged == default || opened.Identity.StatusChanged > opened.Facts.Modified;

    /// <summary>The entry of an opened file.</summary>
    /// <param name="path">The path by which it was opened.</param>
    /// <param name="opened">The file.</param>
    /// <param name="file">The known entry of this or another holder's copy.</param>
    public Entry Describe(VirtualPath path, OpenedFile opened, in Entry file)
    {
        var (size, modified) = (opened.Facts.Size, opened.Facts.Modified);
        // The caller's entry is usually current where this node is the owner, which saves a lookup.
        var known = file.Owner == node && file.Stamp != default ? file : Known(path);
        if (known is not { } entry) return Present(file, opened, default, isRewritten: false);
        var isSame = entry.Size == size && entry.Modified == modified;
        var isRewritten = isSame ? IsRewritten(path, opened, entry.Stamp) : rewritten.IsFormer(path, size, modified);
        if (!isSame || isRewritten) rewritten.Contradicts(path, isRewritten);
        if (!isSame && opened.Place?.Status.Links > 1) _otherNames.ReadAgain(entry);
        return Present(file, opened, entry, isRewritten);
    }

    private Entry? Known(VirtualPath path) =>
        new NodeSnapshot(tree.Local, node).TryFind(path, out var entry) && !entry.IsDirectory ? entry : null;

    private bool IsRewritten(VirtualPath path, OpenedFile opened, Stamp stamp)
    {
        var file = opened.Identity;
        if (!HasMovedStatus(opened)) return false;
        var now = UnixTime.From(time.GetUtcNow());
        // A clock that was set back would make a stamp that never reaches the time of birth. A copy has the stamp of its source.
        if (file.Born.Seconds > stamp.Seconds && file.Born <= now
            && TreePath.FileOf(tree.Local.Root, path, node) is not { IsCopy: true }) return true;
        var isFresh = file.StatusChanged > UnixTime.From(time.GetUtcNow() - MayBeUnheard);
        return rewritten.Contains(path, isFresh);
    }

    private Entry Present(in Entry file, OpenedFile opened, in Entry known, bool isRewritten)
    {
        var (facts, identity) = (opened.Facts, opened.Identity);
        var isKnown = known.Size == facts.Size && known.Modified == facts.Modified;
        var revised = isKnown && known.IsRevised ? known.Stamp : default;
        ulong revision = 0;
        if (isRewritten) revision = Hash(identity, identity.StatusChanged.Nanoseconds);
        else if (revised != default || facts.Modified.IsWholeSecond)
            revision = NameBytes.Hash(Hash(identity, identity.Born.Nanoseconds), revised.IsWholeSecond ? revised.Seconds : revised.Value);

        var fingerprint = identity.StatusChanged == default ? 0
            : NameBytes.Hash(NameBytes.Hash(Hash(identity, identity.StatusChanged.Nanoseconds), facts.Size), facts.Modified.Nanoseconds);
        return new Entry(file.NameUtf8, false, facts.Size, facts.Modified, facts.Permissions, node, file.HolderCount)
        {
            Stamp = isKnown ? known.Stamp : default,
            IsRevised = isKnown && known.IsRevised,
            Version = new ContentVersion(revision, fingerprint),
        };
    }

    private ulong Hash(in FileIdentity identity, long value) =>
        NameBytes.Hash(NameBytes.Hash(NameBytes.Hash(_seed, (long)identity.Device), (long)identity.Inode), value);
}

using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>What a node announces about a file, except its name.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">The file's modification time.</param>
/// <param name="Permissions">POSIX permission bits, 0 to 07777.</param>
/// <param name="Changed">Unix seconds at which the node saw the entry change (LastInfoUpdated on the wire); 0 during a scan.</param>
/// <param name="IsRevised">
/// The content changed while size and time stayed, or the time was set back. <paramref name="Changed"/> distinguishes the versions. Only
/// the holder itself knows this.
/// </param>
internal readonly record struct FileFacts(long Size, UnixTime Modified, int Permissions, uint Changed = 0, bool IsRevised = false)
{
    public Entry ToEntry(ReadOnlyMemory<byte> name, NodeName holder, int holderCount = 1) =>
        new(name, false, Size, Modified, Permissions, holder, holderCount) { Changed = Changed, IsRevised = IsRevised };
}

/// <summary>What a node announces about a directory. Members as in <see cref="FileFacts"/>.</summary>
internal readonly record struct DirectoryFacts(UnixTime Modified, int Permissions, uint Changed = 0);

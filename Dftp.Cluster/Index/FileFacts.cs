using System.Runtime.InteropServices;
using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>What a node announces about a file, except its name.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">The file's modification time.</param>
/// <param name="Permissions">POSIX permission bits, 0 to 07777.</param>
/// <param name="Stamp">The stamp of this version; default during a scan.</param>
/// <param name="IsRevised">
/// The content changed while size and time stayed, or the time was set back. <paramref name="Stamp"/> distinguishes the versions. Only
/// the holder itself knows this.
/// </param>
/// <param name="IsCopy">
/// The cluster made the file, with the stamp of its source: the stamp does not say when this file came to be. Only the holder itself knows
/// this.
/// </param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FileFacts(
    long Size, UnixTime Modified, int Permissions, Stamp Stamp = default, bool IsRevised = false, bool IsCopy = false)
{
    public Entry ToEntry(ReadOnlyMemory<byte> name, NodeName holder, int holderCount = 1) =>
        new(name, false, Size, Modified, Permissions, holder, holderCount) { Stamp = Stamp, IsRevised = IsRevised };
}

/// <summary>What a node announces about a directory. Members as in <see cref="FileFacts"/>.</summary>
internal readonly record struct DirectoryFacts(UnixTime Modified, int Permissions, Stamp Stamp = default);

using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Which file of this machine, whatever its names: renaming keeps it.</summary>
/// <param name="Device">The file system's device; 0 where the framework does not tell.</param>
/// <param name="Inode">The number in its file system; 0 likewise.</param>
/// <param name="Place">The real path, where there is no number.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, string? Place = null)
{
    /// <summary>When content or status changed last; what it was is no part of which file it is.</summary>
    public UnixTime StatusChanged { get; init; }

    /// <summary>When the file was made; the default where the file system does not tell.</summary>
    public UnixTime Born { get; init; }

    public bool Equals(FileIdentity other) => Inode == other.Inode && Device == other.Device && Place == other.Place;

    public override int GetHashCode() => HashCode.Combine(Device, Inode, Place);
}

/// <summary>Identifies the content of a local file: if one of them differs, the content may differ.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">The modification time.</param>
/// <param name="StatusChanged">That of the status, which tells of writes after which the modification time was set back.</param>
internal readonly record struct LocalVersion(long Size, UnixTime Modified, UnixTime StatusChanged = default);

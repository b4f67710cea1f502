using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>Identifies a file of this machine independently of its names: a rename keeps the identity.</summary>
/// <param name="Device">The file system's device; 0 where the framework does not give one.</param>
/// <param name="Inode">The inode number; 0 where the framework does not give one.</param>
/// <param name="Place">The real path, where there is no inode number.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, string? Place = null)
{
    /// <summary>The last change of content or status (ctime). It is not part of the identity.</summary>
    public UnixTime StatusChanged { get; init; }

    /// <summary>The time of birth; default where the file system does not record it.</summary>
    public UnixTime Born { get; init; }

    public bool Equals(FileIdentity other) => Inode == other.Inode && Device == other.Device && Place == other.Place;

    public override int GetHashCode() => HashCode.Combine(Device, Inode, Place);
}

/// <summary>Identifies the content of a local file: if any of the values differs, the content may differ.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">The modification time.</param>
/// <param name="StatusChanged">The status time (ctime), which reveals writes whose modification time was set back.</param>
internal readonly record struct LocalVersion(long Size, UnixTime Modified, UnixTime StatusChanged = default);

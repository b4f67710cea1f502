namespace Dftp.Cluster.LocalFiles;

/// <summary>The file systems that others can change without this kernel noticing, by their magic numbers (statfs(2)).</summary>
internal static class RemoteFileSystem
{
    private static readonly Dictionary<uint, string> Names = new()
    {
        [0x6969] = "NFS",
        [0x517B] = "SMB",
        [0xFF534D42] = "CIFS",
        [0xFE534D42] = "SMB",
        [0x65735546] = "FUSE",
        [0x01021997] = "9P",
        [0x5346414F] = "AFS",
        [0x6B414653] = "AFS",
        [0x00C36400] = "Ceph",
        [0x73757245] = "Coda",
        [0x0BD00BD0] = "Lustre",
        [0x01161970] = "GFS2",
        [0x7461636F] = "OCFS2",
        [0x47504653] = "GPFS",
        [0x786F4256] = "VirtualBox",
        [0xBACBACBC] = "VMware",
    };

    /// <returns>The name for messages; null for file systems of this machine.</returns>
    public static string? NameOf(uint type) => Names.GetValueOrDefault(type);
}

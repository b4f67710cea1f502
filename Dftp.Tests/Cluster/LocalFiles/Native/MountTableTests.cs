using System.Text;
using Dftp.Cluster.LocalFiles.Native;

namespace Dftp.Tests.Cluster.LocalFiles.Native;

[TestClass]
public sealed class MountTableTests
{
    private const string Before = """
        22 28 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
        28 1 252:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
        90 28 0:45 / /srv/data/usb\040stick rw,relatime shared:44 - vfat /dev/sdb1 rw

        """;

    // proc(5), proc_pid_mountinfo: spaces, tabs, line feeds and backslashes are octal; the options after the fifth field may change.
    [TestMethod]
    [DataRow("90 28 0:45 / /srv/data/usb\\040stick rw,relatime", "90 28 0:45 / /srv/data/usb\\040stick ro,noatime", "", DisplayName = "options")]
    [DataRow("90 28", "91 28", "/srv/data/usb stick", DisplayName = "unmounted and mounted again")]
    [DataRow("0:45", "0:46", "/srv/data/usb stick", DisplayName = "another device")]
    [DataRow("90 28 0:45 /", "90 28 0:45 /sub", "/srv/data/usb stick", DisplayName = "another directory of the device")]
    [DataRow("/srv/data/usb\\040stick", "/srv/a\\134b\\303\\274", "/srv/a\\bü /srv/data/usb stick", DisplayName = "elsewhere")]
    public void Changes_AreTheMountPointsAddedAndRemoved(string now, string then, string expected)
    {
        var changes = MountTable.Changes(MountTable.Mounts(Before), MountTable.Mounts(Before.Replace(now, then, StringComparison.Ordinal)));
        Assert.AreEqual(expected, string.Join(' ', changes.Select(Encoding.UTF8.GetString).Order(StringComparer.Ordinal)));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void MountsOfThisProcess_AreReadAndStayUnchanged()
    {
        using var table = MountTable.TryOpen() ?? throw new AssertInconclusiveException("/proc is not available here");
        Assert.AreEqual(0, table.TakeChanges().Count);
        Assert.IsTrue(MountTable.Mounts(File.ReadAllText("/proc/self/mountinfo")).Any(mount => mount.EndsWith(" /", StringComparison.Ordinal)));
    }
}

using Dftp.FileSystem;

namespace Dftp.Tests.FileSystem;

[TestClass]
public sealed class PrincipalTests
{
    [TestMethod]
    [DataRow("/", Right.Read)]
    [DataRow("/a", Right.Read)]
    [DataRow("/ab", Right.Read)]
    [DataRow("/a/b", Right.None)]
    [DataRow("/a/bc", Right.Read)]
    [DataRow("/a/b/x", Right.None)]
    [DataRow("/a/b/c", Right.Manage)]
    [DataRow("/a/b/c/d/e", Right.Manage)]
    public void RightAt_IsThatOfTheMostSpecificPlace(string path, Right expected)
    {
        var user = User(("/", Right.Read), ("/a/b", Right.None), ("/a/b/c", Right.Manage));

        Assert.AreEqual(expected, user.RightAt(VirtualPath.Parse(path)));
        Assert.IsFalse(user.ReadsEverything);
    }

    [TestMethod]
    public void WithoutAPlaceAbove_ThereIsNoRight()
    {
        var user = User(("/a", Right.Read));

        Assert.AreEqual(Right.None, user.RightAt(VirtualPath.Root));
        Assert.AreEqual(Right.None, user.RightAt(VirtualPath.Parse("/b")));
        Assert.IsFalse(user.ReadsEverything);
    }

    [TestMethod]
    public void ReadsEverything_IfNoPlaceHasLessThanRead()
    {
        Assert.IsTrue(Principal.Anonymous.ReadsEverything);
        Assert.IsTrue(User(("/", Right.Read), ("/in", Right.Write)).ReadsEverything);
        Assert.IsFalse(User(("/", Right.Read), ("/in", Right.List)).ReadsEverything);
        Assert.IsFalse(User().ReadsEverything);
    }

    [TestMethod]
    public void TwoRightsAtOnePath_AreRefused() =>
        Assert.Throws<ArgumentException>(() => User(("/a", Right.Read), ("/a/", Right.None)));

    private static Principal User(params (string Path, Right Right)[] places) =>
        new("user", places.Select(place => new PlaceRight(VirtualPath.Parse(place.Path), place.Right)));
}

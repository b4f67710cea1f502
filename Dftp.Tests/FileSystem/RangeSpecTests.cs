using Dftp.FileSystem;

namespace Dftp.Tests.FileSystem;

/// <summary>A part of a file whose size is not known yet. RFC 9110, section 14.1.2, decides what it comes to.</summary>
[TestClass]
public sealed class RangeSpecTests
{
    [TestMethod]
    public void Whole_IsTheDefault_AndWhatBeginsAtTheFirstByteWithoutAnEnd()
    {
        Assert.IsTrue(RangeSpec.Whole.IsWhole);
        Assert.IsTrue(default(RangeSpec).IsWhole);
        Assert.IsTrue(RangeSpec.From(0).IsWhole);
        Assert.IsFalse(RangeSpec.From(1).IsWhole);
        Assert.IsFalse(RangeSpec.Last(long.MaxValue).IsWhole);
        Assert.IsFalse(RangeSpec.Of(new ByteRange(0, 0)).IsWhole);
        Assert.IsFalse(RangeSpec.Of(new ByteRange(0, 10)).IsWhole, "the file may have more by the time it is opened");
    }

    // The end itself is an empty part: RETR after REST at the end sends nothing, and succeeds.
    [TestMethod]
    [DataRow(0L, 0L, 0L, 0L)]
    [DataRow(0L, 10L, 0L, 10L)]
    [DataRow(4L, 10L, 4L, 6L)]
    [DataRow(9L, 10L, 9L, 1L)]
    [DataRow(10L, 10L, 10L, 0L)]
    [DataRow(11L, 10L, -1L, 0L)]
    [DataRow(1L, 0L, -1L, 0L)]
    [DataRow(long.MaxValue, 10L, -1L, 0L)]
    [DataRow(3L, long.MaxValue, 3L, long.MaxValue - 3)]
    public void FromAByte_GoesToTheEnd(long first, long size, long offset, long length) =>
        AssertResolves(RangeSpec.From(first), size, offset, length);

    // "If the selected representation is shorter than the specified suffix-length, the entire representation is used."
    [TestMethod]
    [DataRow(1L, 10L, 9L, 1L)]
    [DataRow(10L, 10L, 0L, 10L)]
    [DataRow(11L, 10L, 0L, 10L)]
    [DataRow(long.MaxValue, 10L, 0L, 10L)]
    [DataRow(1L, 0L, 0L, 0L)]
    [DataRow(long.MaxValue, 0L, 0L, 0L)]
    [DataRow(1L, long.MaxValue, long.MaxValue - 1, 1L)]
    public void LastBytes_AreTakenFromTheEnd(long count, long size, long offset, long length) =>
        AssertResolves(RangeSpec.Last(count), size, offset, length);

    // "if the value is greater than or equal to the current length of the representation data, the byte range is interpreted as the
    // remainder".
    [TestMethod]
    [DataRow(0L, 1L, 10L, 0L, 1L)]
    [DataRow(0L, 1L, 1L, 0L, 1L)]
    [DataRow(0L, 1L, 0L, -1L, 0L)]
    [DataRow(2L, 4L, 10L, 2L, 4L)]
    [DataRow(2L, 4L, 6L, 2L, 4L)]
    [DataRow(2L, 4L, 5L, 2L, 3L)]
    [DataRow(2L, 4L, 2L, -1L, 0L)]
    [DataRow(2L, 4L, 1L, -1L, 0L)]
    [DataRow(2L, 0L, 2L, 2L, 0L)]
    [DataRow(2L, 0L, 1L, -1L, 0L)]
    [DataRow(0L, 0L, 0L, 0L, 0L)]
    [DataRow(0L, long.MaxValue, 10L, 0L, 10L)]
    [DataRow(5L, long.MaxValue - 5, 10L, 5L, 5L)]
    [DataRow(long.MaxValue, 0L, 10L, -1L, 0L)]
    [DataRow(long.MaxValue - 1, 1L, long.MaxValue, long.MaxValue - 1, 1L)]
    public void Range_EndsWithTheFile(long first, long most, long size, long offset, long length) =>
        AssertResolves(RangeSpec.Of(new ByteRange(first, most)), size, offset, length);

    [TestMethod]
    public void Field_AsksForThePart()
    {
        Assert.AreEqual("bytes=7-", RangeSpec.From(7).ToString());
        Assert.AreEqual("bytes=-3", RangeSpec.Last(3).ToString());
        Assert.AreEqual("bytes=2-5", RangeSpec.Of(new ByteRange(2, 4)).ToString());
        Assert.AreEqual("bytes=0-0", RangeSpec.Of(new ByteRange(0, 1)).ToString());
        Assert.AreEqual("bytes=-9223372036854775807", RangeSpec.Last(long.MaxValue).ToString());
        Assert.AreEqual("bytes=9223372036854775807-", RangeSpec.From(long.MaxValue).ToString());
        Assert.AreEqual("bytes=0-9223372036854775806", RangeSpec.Of(new ByteRange(0, long.MaxValue)).ToString());
    }

    // A field cannot say "no byte": the one that it names shows whether the file goes so far.
    [TestMethod]
    public void Field_OfAnEmptyPart_AsksForOneByte()
    {
        Assert.AreEqual("bytes=5-5", RangeSpec.Of(new ByteRange(5, 0)).ToString());
        Assert.AreEqual("bytes=9223372036854775807-9223372036854775807", RangeSpec.Of(new ByteRange(long.MaxValue, 0)).ToString());
    }

    [TestMethod]
    public void WhatIsNoPart_IsRefused()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RangeSpec.From(-1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RangeSpec.Last(0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RangeSpec.Last(-1));
    }

    /// <param name="part">What is asked for.</param>
    /// <param name="size">The file's.</param>
    /// <param name="offset">The first byte; -1 where the part lies behind the end.</param>
    /// <param name="length">Bytes.</param>
    private static void AssertResolves(RangeSpec part, long size, long offset, long length)
    {
        var isInside = part.TryResolve(size, out var range);
        Assert.AreEqual(offset >= 0, isInside);
        Assert.AreEqual(isInside ? new ByteRange(offset, length) : default, range);
    }
}
